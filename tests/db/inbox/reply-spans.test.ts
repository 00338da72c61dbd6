// How long people wait for an answer: what opens and closes a span, in whatever order the database learns of it.
import { beforeEach, describe, expect, it, test } from "vitest";
import {
  addPerson,
  answer,
  claimDue,
  conversationOf,
  foldSpans,
  type Person,
  personWrites,
  postAll,
  spansOf,
} from "../../fixtures/arrange-inbox.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { accepted, newSid, receipt, rejected, settle, writeStop } from "../../fixtures/drive-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let ana: Person;
let lead: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  await ana?.session.end();
  ana = await addPerson(bench.db, org.id);
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
});

const at = (minutes: number) => later(AFTERNOON, minutes * 60);
const writes = (minutes: number, written = {}) => personWrites(bench, org, lead.e164, at(minutes), written);
async function answers(id: string, minutes: number, content = `Answer ${minutes}`) {
  const { message_id } = await answer(ana, id, at(minutes), { content });
  return message_id;
}

describe("a span", () => {
  it("begins with the first text that nobody has answered, and ends when a person's answer is sent", async () => {
    const id = await writes(0);
    await writes(2);
    expect(await spansOf(bench, id)).toEqual(["open"]);
    expect(await conversationOf(bench, id)).toMatchObject({ waiting_since: at(0) });
    await answers(id, 5);
    await foldSpans(bench, at(5));
    expect(await spansOf(bench, id)).toEqual(["open"]);
    await postAll(bench, at(6));
    await foldSpans(bench, at(6));
    expect(await spansOf(bench, id)).toEqual(["answered 360"]);
    expect(await conversationOf(bench, id)).toMatchObject({ waiting_since: null });
    const [span] = await bench.sql`
      select answered_by, working_seconds from public.reply_spans where conversation_id = ${id}`;
    expect(span).toEqual({ answered_by: ana.id, working_seconds: 360 });
  });

  it("is not begun by STOP, HELP, START, machines, or by a stranger", async () => {
    for (const kind of ["stop", "start", "help", "automatic", "wrong_number"]) {
      const id = await writes(0, { kind });
      expect([kind, await spansOf(bench, id)]).toEqual([kind, []]);
    }
  });

  it("is not ended by a machine's answer, by one that failed, or by one whose outcome is unknown", async () => {
    const id = await writes(0);
    await writes(1, { kind: "help" });
    await postAll(bench, at(1));
    await foldSpans(bench, at(1));
    expect(await spansOf(bench, id)).toEqual(["open"]);
    await answers(id, 2);
    const [failed] = await claimDue(bench, at(2));
    await settle(bench.a.sql, [rejected(failed?.attempt_id ?? "", 21617)], at(2));
    await answers(id, 4);
    const [unknown] = await claimDue(bench, at(4));
    await settle(
      bench.a.sql,
      [{ attempt_id: unknown?.attempt_id ?? "", outcome: "unknown", content: "Answer 4", segments: 1 }],
      at(4),
    );
    await foldSpans(bench, at(5));
    expect(await spansOf(bench, id)).toEqual(["open"]);
    // A receipt says later that it was sent: the answer counts from when it was posted.
    await receipt(
      bench.a.sql,
      org.id,
      {
        messageId: unknown?.message_id ?? "",
        attemptId: unknown?.attempt_id ?? "",
        sid: newSid(),
        status: "delivered",
      },
      at(30),
    );
    await foldSpans(bench, at(30));
    expect(await spansOf(bench, id)).toEqual(["answered 240"]);
  });

  it("is open again if the answer turns out not to have been delivered", async () => {
    const id = await writes(0);
    await answers(id, 1);
    const [claimed] = await claimDue(bench, at(1));
    const sid = newSid();
    await settle(bench.a.sql, [accepted(claimed?.attempt_id ?? "", sid)], at(1));
    await foldSpans(bench, at(1));
    expect(await spansOf(bench, id)).toEqual(["answered 60"]);
    const given = { messageId: claimed?.message_id ?? "", attemptId: claimed?.attempt_id ?? "", sid };
    await receipt(bench.a.sql, org.id, { ...given, status: "undelivered", code: 30005 }, at(3));
    await foldSpans(bench, at(3));
    expect(await spansOf(bench, id)).toEqual(["open"]);
    expect(await conversationOf(bench, id)).toMatchObject({ waiting_since: at(0) });
  });

  it("is moot once the person opts out, and ends if somebody says that no answer is needed", async () => {
    const id = await writes(0);
    await ana.session.sql`
      select private.change_conversations(array[${id}]::uuid[], '{"dismiss": true}', ${at(3)})`;
    expect(await spansOf(bench, id)).toEqual(["dismissed 180"]);
    await writes(10);
    await writeStop(bench.a.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", at(12));
    expect(await spansOf(bench, id)).toEqual(["dismissed 180", "moot 120"]);
    expect(await conversationOf(bench, id)).toMatchObject({ waiting_since: null, reply_class: "stop" });
  });

  it("is moot too if a person of the organisation opts the phone out", async () => {
    const id = await writes(0);
    await bench.sql`select private.suppress(${org.id}, ${lead.e164}, 'manual', 'On the phone', p_now => ${at(4)})`;
    await foldSpans(bench, at(5));
    expect(await spansOf(bench, id)).toEqual(["moot 240"]);
  });

  it("counts five days later as minutes: only the person's new text opens it again", async () => {
    const id = await writes(0);
    await answers(id, 1);
    await postAll(bench, at(1));
    await foldSpans(bench, at(1));
    const days = 5 * 24 * 60;
    await answers(id, days - 1);
    await writes(days);
    await answers(id, days + 3);
    await postAll(bench, at(days + 3));
    await foldSpans(bench, at(days + 3));
    expect(await spansOf(bench, id)).toEqual(["answered 60", "answered 180"]);
  });

  it("follows a review: a machine's text opens nothing, and one that was taken for a machine's does", async () => {
    const id = await writes(0);
    const review = (cls: string, minutes: number) => ana.session.sql`
      select private.review_answer((select id from public.messages where conversation_id = ${id} and kind = 'inbound'), ${cls},
        ${at(minutes)})`;
    await review("automatic", 1);
    expect(await spansOf(bench, id)).toEqual([]);
    await review("question", 2);
    expect(await spansOf(bench, id)).toEqual(["open"]);
    expect(await conversationOf(bench, id)).toMatchObject({
      reply_class: "question",
      class_source: "person",
    });
  });
});

test("spans are the same in whatever order texts and receipts become known", async () => {
  const random = seededRandom("reply spans");
  // The person writes at 0, 10 and 30; we answer at 5 and 20, and the outcome of each answer is learned at some later time.
  const outcomes = ["accepted", "delivered", "failed"] as const;
  for (let round = 0; round < 12; round++) {
    const [person] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    // Each round is later than the one before: a number's clock never goes back.
    const when = (minutes: number) => at(round * 240 + minutes);
    const write = (minutes: number) => personWrites(bench, org, person.e164, when(minutes));
    const id = await write(0);
    const learned = [5, 20].map((posted) => ({
      posted,
      at: posted + random.below(40),
      outcome: random.pick(outcomes),
    }));
    const claims: Record<number, { attempt_id: string; message_id: string }> = {};
    const steps = [
      ...[10, 30].map((minute) => ({ minute, run: () => write(minute) })),
      ...learned.map(({ posted }) => ({
        minute: posted,
        run: async () => {
          await answers(id, round * 240 + posted, `Round ${round} at ${posted}`);
          const [claimed] = await claimDue(bench, when(posted));
          claims[posted] = claimed as never;
        },
      })),
      ...learned.map(({ posted, at: minute, outcome }) => ({
        minute: minute + 0.5,
        run: async () => {
          const { attempt_id, message_id } = claims[posted] as { attempt_id: string; message_id: string };
          if (outcome === "accepted") await settle(bench.a.sql, [accepted(attempt_id)], when(minute));
          else if (outcome === "failed")
            await settle(bench.a.sql, [rejected(attempt_id, 21617)], when(minute));
          else
            await receipt(
              bench.a.sql,
              org.id,
              { messageId: message_id, attemptId: attempt_id, sid: newSid(), status: "delivered" },
              when(minute),
            );
          if (random.next() < 0.5) await foldSpans(bench, when(minute));
        },
      })),
    ].sort((a, b) => a.minute - b.minute);
    for (const { run } of steps) await run();
    await foldSpans(bench, when(100));
    const sent = learned.filter(({ outcome }) => outcome !== "failed").map(({ posted }) => posted);
    expect([round, learned, await spansOf(bench, id)]).toEqual([
      round,
      learned,
      expectedSpans([0, 10, 30], sent),
    ]);
  }
});

/** By definition: from the first unanswered text to the first answer after it. @param sent minutes of answers, rising */
function expectedSpans(asked: number[], sent: number[]): string[] {
  const spans: string[] = [];
  let from: number | undefined;
  for (const { minute, isAsked } of [
    ...asked.map((minute) => ({ minute, isAsked: true })),
    ...sent.map((minute) => ({ minute, isAsked: false })),
  ].sort((a, b) => a.minute - b.minute)) {
    if (isAsked) from ??= minute;
    else if (from !== undefined) {
      spans.push(`answered ${(minute - from) * 60}`);
      from = undefined;
    }
  }
  return from === undefined ? spans : [...spans, "open"];
}

describe("reply hours", () => {
  const HOURS = {
    monday: [
      { from: "09:00", to: "12:00" },
      { from: "13:00", to: "18:00" },
    ],
    tuesday: [{ from: "00:00", to: "24:00" }],
    holidays: ["2026-06-16"],
  };
  const setHours = (hours: unknown) =>
    bench.sql`update public.orgs set reply_hours = ${hours === null ? null : bench.sql.json(hours as never)},
      time_zone = 'America/Chicago' where id = ${org.id}`;
  const seconds = async (from: string, to: string) => {
    const [row] = await bench.sql`
      select private.reply_seconds(o, ${from}, ${to}) as seconds from public.orgs o where o.id = ${org.id}`;
    return row?.seconds;
  };
  const timeAfter = async (from: string, count: number) => {
    const [row] = await bench.sql`
      select private.after_reply_seconds(o, ${from}, ${count}) as at from public.orgs o where o.id = ${org.id}`;
    return row?.at?.toISOString() ?? null;
  };

  it("are every hour if none are set", async () => {
    expect(await seconds("2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z")).toBe(86_400);
    expect(await timeAfter("2026-06-10T00:00:00Z", 300)).toBe("2026-06-10T00:05:00.000Z");
  });

  it("have several intervals a day, holidays, and days without any", async () => {
    await setHours(HOURS);
    // Monday the 8th: 09:00 to 12:00 and 13:00 to 18:00 Central, which is UTC - 5.
    expect(await seconds("2026-06-08T00:00:00Z", "2026-06-09T05:00:00Z")).toBe(8 * 3600);
    expect(await seconds("2026-06-08T16:30:00Z", "2026-06-08T18:30:00Z")).toBe(3600);
    // Tuesday the 9th has all hours; the 16th is a holiday.
    expect(await seconds("2026-06-09T05:00:00Z", "2026-06-10T05:00:00Z")).toBe(86_400);
    expect(await seconds("2026-06-16T05:00:00Z", "2026-06-17T05:00:00Z")).toBe(0);
    expect(await seconds("2026-06-09T05:00:00Z", "2026-06-08T05:00:00Z")).toBe(0);
    expect(await timeAfter("2026-06-08T16:58:00Z", 300)).toBe("2026-06-08T18:03:00.000Z");
    // From Wednesday to Monday.
    expect(await timeAfter("2026-06-10T20:00:00Z", 300)).toBe("2026-06-15T14:05:00.000Z");
  });

  it("are as long as the clocks say when they change", async () => {
    await setHours({ sunday: [{ from: "00:00", to: "24:00" }] });
    expect(await seconds("2026-03-08T00:00:00Z", "2026-03-10T00:00:00Z")).toBe(23 * 3600);
    expect(await seconds("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z")).toBe(25 * 3600);
  });

  it("are refused if an interval is empty, overlaps, or if there is none", async () => {
    const admin = await addPerson(bench.db, org.id, "admin");
    const refusal = async (hours: unknown) => {
      const { sql } = admin.session;
      return await sql`select private.update_organisation(${sql.json({ reply_hours: hours } as never)})`.then(
        () => "saved",
        (error) => JSON.parse(error.detail).errors[0].field,
      );
    };
    expect(await refusal(HOURS)).toBe("saved");
    expect(await refusal({ monday: [{ from: "10:00", to: "10:00" }] })).toBe("reply_hours.monday[0]");
    expect(
      await refusal({
        friday: [
          { from: "10:00", to: "12:00" },
          { from: "11:00", to: "13:00" },
        ],
      }),
    ).toBe("reply_hours.friday[1]");
    expect(await refusal({ holidays: ["2026-12-25"] })).toBe("reply_hours");
    expect(await refusal({ monday: [{ from: "25:00", to: "26:00" }] })).toBe("reply_hours.monday[0]");
    expect(await refusal({ moonday: [] })).toBe("reply_hours.moonday");
    expect(await refusal(null)).toBe("saved");
    const [row] = await bench.sql`select reply_hours from public.orgs where id = ${org.id}`;
    expect(row?.reply_hours).toBeNull();
    await admin.session.end();
  });

  it("measure answers, beside the wall clock and since the assignment", async () => {
    await setHours({ wednesday: [{ from: "15:10", to: "16:00" }] });
    const id = await writes(0);
    await ana.session.sql`
      select private.change_conversations(array[${id}]::uuid[], ${ana.session.sql.json({ assignee_id: ana.id })}, ${at(12)})`;
    await answers(id, 20);
    await postAll(bench, at(20));
    await foldSpans(bench, at(20));
    const [row] = await ana.session.sql`
      select private.reply_times(${at(-60)}, ${at(60)}, 'assignee') as groups`;
    expect(row?.groups).toEqual([
      expect.objectContaining({
        group: ana.id,
        spans: 1,
        answered: 1,
        median_seconds: 1200,
        p90_seconds: 1200,
        median_working_seconds: 600,
        median_assigned_seconds: 480,
        within_five_minutes: 0,
      }),
    ]);
  });
});
