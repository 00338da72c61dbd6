// Answers in a conversation: once, only if nobody else wrote meanwhile, and never after STOP.
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import {
  addPerson,
  answer,
  claimDue,
  conversationOf,
  eventsOf,
  type Person,
  personWrites,
  postAll,
  watch,
} from "../../fixtures/arrange-inbox.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
} from "../../fixtures/arrange-sending.ts";
import { countMade } from "../../fixtures/count-made.ts";
import { writeStop } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let ana: Person;
let beto: Person;
let lead: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  ana = await addPerson(bench.db, org.id);
  beto = await addPerson(bench.db, org.id);
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
});
afterEach(async () => {
  await Promise.all([ana, beto].map(({ session }) => session.rollback().then(() => session.end())));
});

const at = (minutes: number) => later(AFTERNOON, minutes * 60);
/** Three in the morning, Central, of the next day but one: nobody may be written to unasked. */
const NIGHT = 36 * 60;
const writes = (minutes: number, written = {}) => personWrites(bench, org, lead.e164, at(minutes), written);
const stop = (minutes: number) =>
  writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", at(minutes));
interface Refusal {
  hint?: string;
  message: string;
  detail?: string;
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => ({ code: "answered", message: "", details: {} as Record<string, never> }),
    ({ message, detail, hint }: Refusal) => ({ code: hint, message, details: JSON.parse(detail ?? "{}") }),
  );
const texts = () =>
  bench.sql`
    select content, status::text, author_id, conversation_version from public.messages
    where org_id = ${org.id} and kind = 'direct' order by created_at, id`;
const scheduled = () =>
  bench.sql`select id, state, reason, not_before from public.scheduled_texts where org_id = ${org.id} order by id`;

describe("an answer", () => {
  it("is in the conversation, says who wrote it, and makes its author the assignee", async () => {
    const id = await writes(0);
    expect(await conversationOf(bench, id)).toMatchObject({ version: 1, unread_count: 1, assignee_id: null });
    await answer(ana, id, at(1), { content: "  Hola\r\n", seen_version: 1 });
    expect(await texts()).toEqual([
      { content: "Hola", status: "queued", author_id: ana.id, conversation_version: 2 },
    ]);
    expect(await conversationOf(bench, id)).toMatchObject({
      version: 2,
      assignee_id: ana.id,
      last_message: "Hola",
      last_direction: "outbound",
      unread_count: 1,
    });
    expect(await eventsOf(bench, id)).toEqual(["assigned"]);
    await answer(beto, id, at(2), { content: "Y yo", seen_version: 2 });
    expect(await conversationOf(bench, id)).toMatchObject({ version: 3, assignee_id: ana.id });
  });

  it("is refused if others wrote since the version that its author saw, with what they wrote", async () => {
    const id = await writes(0, { body: "Is it still there?" });
    await answer(ana, id, at(1), { content: "Yes", seen_version: 1 });
    const refused = await refusal(answer(beto, id, at(1), { content: "No", seen_version: 1 }));
    expect(refused.code).toBe("conversation_moved");
    expect(refused.details).toMatchObject({ version: 2, missed: [{ content: "Yes", author_id: ana.id }] });
    await writes(2, { body: "Thanks" });
    const again = await refusal(answer(beto, id, at(2), { content: "No", seen_version: 1 }));
    expect(again.details.missed.map(({ content }: { content: string }) => content)).toEqual([
      "Yes",
      "Thanks",
    ]);
    await answer(beto, id, at(3), { content: "No", seen_version: 1, force: true });
    expect((await texts()).map(({ content }) => content)).toEqual(["Yes", "No"]);
    expect(await eventsOf(bench, id)).toContain("insisted");
    const ahead = await refusal(answer(beto, id, at(3), { content: "Later", seen_version: 9 }));
    expect(ahead.details.errors[0].field).toBe("seen_version");
  });

  it("goes through once if two are sent at the same instant, also without a version", async () => {
    const id = await writes(0);
    for (const input of [{ seen_version: 1 }, {}]) {
      await bench.sql`delete from public.messages where org_id = ${org.id} and kind = 'direct'`;
      await bench.sql`update public.conversations set version = 1 where id = ${id}`;
      await bench.holder.begin();
      await bench.holder
        .sql`select from private.contacts where org_id = ${org.id} and e164 = ${lead.e164} for update`;
      const calls = [ana, beto].map((person) =>
        refusal(answer(person, id, at(1), { content: "Same words", ...input })),
      );
      await Promise.race([ana.session.blocked(bench.holder), beto.session.blocked(bench.holder)]);
      await bench.holder.commit();
      const codes = (await Promise.all(calls)).map(({ code }) => code).sort();
      expect([input, codes]).toEqual([
        input,
        "seen_version" in input ? ["answered", "conversation_moved"] : ["answered", "answered"],
      ]);
      expect(await texts()).toHaveLength(1);
    }
  });

  it("asked for again is the same: by its key for a day, without one for a minute", async () => {
    const id = await writes(0);
    const key = randomUUID();
    const first = await answer(ana, id, at(1), { content: "Uno", seen_version: 1 }, key);
    const again = await answer(ana, id, at(60), { content: "Uno", seen_version: 1 }, key);
    expect(again).toEqual({ message_id: first.message_id, deduplicated: true });
    expect((await refusal(answer(ana, id, at(60), { content: "Dos" }, key))).details.errors[0].field).toBe(
      "Idempotency-Key",
    );
    const other = await answer(ana, id, at(61), { content: "Dos" });
    expect(await answer(ana, id, at(61.9), { content: "Dos" })).toEqual({
      message_id: other.message_id,
      deduplicated: true,
    });
    expect(await answer(ana, id, at(62.1), { content: "Dos" })).toMatchObject({ deduplicated: false });
  });

  it("is refused while somebody else is writing one, for two minutes, unless its author insists", async () => {
    const id = await writes(0);
    const claims = (person: Person, minutes: number, is = true) =>
      person.session.sql`select private.claim_conversation(${id}, ${is}, ${at(minutes)})`;
    await claims(ana, 0);
    const refused = await refusal(answer(beto, id, at(1), { content: "Mine" }));
    expect(refused).toMatchObject({ code: "conversation_claimed", details: { claimed_by: ana.id } });
    expect((await refusal(claims(beto, 1))).code).toBe("conversation_claimed");
    await answer(beto, id, at(1), { content: "Mine", force: true });
    await answer(ana, id, at(1.5), { content: "Mine too" });
    expect(await conversationOf(bench, id)).toMatchObject({ claimed_by: null, claimed_until: null });
    await claims(ana, 2);
    await claims(ana, 2, false);
    await claims(beto, 2);
    await answer(ana, id, at(4.1), { content: "Late" });
    expect(await texts()).toHaveLength(3);
  });

  it("reaches somebody who wrote and is no lead, but not one who is no lead any more and never wrote", async () => {
    const stranger = phoneAt(countMade("lead"));
    const id = await personWrites(bench, org, stranger, at(0));
    await answer(ana, id, at(1), { content: "Who is this?" });
    expect(await postAll(bench, at(1))).toHaveLength(1);
    await ana.session.sql`select private.send_direct('Hi', ${lead.e164}, null, null, ${at(2)})`;
    await bench.sql`update public.leads set deleted_at = now() where id = ${lead.id}`;
    const [row] = await bench.sql`
      select id from public.conversations where org_id = ${org.id} and e164 = ${lead.e164}`;
    expect((await refusal(answer(ana, row?.id, at(5)))).code).toBe("invalid_state");
  });

  it("labels the conversation, moves the lead and archives, all or nothing", async () => {
    const id = await writes(0);
    const manager = await addPerson(bench.db, org.id, "campaign_manager");
    const [label] = await manager.session.sql`
      select private.save_label(null, '{"name": "Price", "lead_tag": "ASKED-PRICE"}') as id`;
    await manager.session.end();
    const bad = answer(ana, id, at(1), {
      content: "Ok",
      add_label_ids: [label?.id, randomUUID()],
      lead_status: "qualified",
    });
    expect((await refusal(bad)).details.errors[0].field).toBe("add_label_ids");
    expect(await texts()).toHaveLength(0);
    await answer(ana, id, at(1), {
      content: "Ok",
      add_label_ids: [label?.id],
      lead_status: "qualified",
      archive: true,
    });
    expect(await conversationOf(bench, id)).toMatchObject({ status: "archived" });
    const [now] = await bench.sql`select status, tags from public.leads where id = ${lead.id}`;
    expect(now).toEqual({ status: "qualified", tags: ["ASKED-PRICE"] });
    await writes(5);
    expect(await conversationOf(bench, id)).toMatchObject({ status: "active" });
  });

  it.each([
    ["content", { content: " " }],
    ["content", { content: "x".repeat(1601) }],
    ["content", { content: null }],
    ["seen_version", { seen_version: -1 }],
    ["seen_version", { seen_version: 1.5 }],
    ["send_at", { send_at: "2026-06-01T00:00:00Z" }],
    ["send_at", { send_at: "2026-07-01T00:00:00Z" }],
    ["send_at", { send_at: "infinity" }],
    ["force", { force: "yes" }],
    ["lead_status", { lead_status: "sold" }],
    ["add_label_ids[0]", { add_label_ids: ["x"] }],
    ["from", { from: "+15125550100" }],
  ])("is refused with a bad %s", async (field, input) => {
    const id = await writes(0);
    expect((await refusal(answer(ana, id, at(1), input))).details.errors[0].field).toBe(field);
  });
});

describe("STOP", () => {
  it("before the answer is asked for, or before it is claimed, lets nothing out", async () => {
    const id = await writes(0);
    await stop(1);
    expect((await refusal(answer(ana, id, at(2)))).code).toBe("opted_out");
    await writes(3, { kind: "start" });
    await answer(ana, id, at(4));
    await stop(4);
    expect((await claimDue(bench, at(4))).filter(({ kind }) => kind === "direct")).toEqual([]);
    expect((await texts())[0]).toMatchObject({ status: "canceled" });
  });

  it("that commits while the answer waits for the person ends it", async () => {
    const id = await writes(0);
    await bench.b.begin();
    await stop(1);
    const asked = refusal(answer(ana, id, at(1)));
    await ana.session.blocked(bench.b);
    await bench.b.commit();
    expect((await asked).code).toBe("opted_out");
  });

  it("cancels answers that wait, whatever their author wished", async () => {
    const id = await writes(0);
    const send_at = at(60);
    await answer(ana, id, at(1), { content: "A", send_at });
    await answer(ana, id, at(2), { content: "B", send_at, keep_if_answered: true });
    await stop(3);
    expect((await scheduled()).map(({ state }) => state)).toEqual(["canceled", "canceled"]);
    await watch(bench, org.id, at(61));
    expect(await texts()).toEqual([]);
  });
});

describe("an answer that waits", () => {
  it("is sent at its time with the same id, and counts as its author's", async () => {
    const id = await writes(0);
    const { message_id } = await answer(ana, id, at(1), { send_at: at(30), seen_version: 1 });
    expect(await conversationOf(bench, id)).toMatchObject({ version: 2, assignee_id: ana.id });
    await watch(bench, org.id, at(29));
    expect(await texts()).toEqual([]);
    await watch(bench, org.id, at(30));
    const [row] =
      await bench.sql`select author_id, conversation_version from public.messages where id = ${message_id}`;
    expect(row).toEqual({ author_id: ana.id, conversation_version: 3 });
    expect(await scheduled()).toMatchObject([{ id: message_id, state: "sent" }]);
    await watch(bench, org.id, at(31));
    expect(await texts()).toHaveLength(1);
  });

  it("is canceled by the person's next text, unless its author said otherwise", async () => {
    const id = await writes(0);
    await answer(ana, id, at(1), { content: "A", send_at: at(30) });
    await answer(ana, id, at(2), { content: "B", send_at: at(30), keep_if_answered: true });
    await writes(5);
    expect((await scheduled()).map(({ state, reason }) => [state, reason])).toEqual([
      ["canceled", "The person wrote first."],
      ["waiting", null],
    ]);
    await watch(bench, org.id, at(31));
    expect((await texts()).map(({ content }) => content)).toEqual(["B"]);
  });

  it("waits for the person's hours if they wrote more than a day ago, and then goes out", async () => {
    const id = await writes(0);
    const { message_id } = await answer(ana, id, at(NIGHT), { content: "Good morning" });
    const [row] = await scheduled();
    expect(row).toMatchObject({ id: message_id, state: "waiting" });
    expect(row?.not_before.getTime()).toBeGreaterThan(at(NIGHT).getTime());
    // The same again within a minute is the same answer.
    expect(await answer(ana, id, at(NIGHT + 0.5), { content: "Good morning" })).toEqual({
      message_id,
      deduplicated: true,
    });
    await watch(bench, org.id, row?.not_before);
    expect((await texts()).map(({ status }) => status)).toEqual(["queued"]);
    expect(await claimDue(bench, later(row?.not_before, 2))).toHaveLength(1);
  });

  it("is not seen by whoever read the conversation before it was written", async () => {
    const id = await writes(0);
    await answer(ana, id, at(1), { content: "Tomorrow", send_at: at(30), seen_version: 1 });
    const refused = await refusal(answer(beto, id, at(1), { content: "Now", seen_version: 1 }));
    expect(refused.details).toMatchObject({ missed: [], scheduled: [{ content: "Tomorrow" }] });
  });

  it("can be canceled, once, and not after it was sent", async () => {
    const id = await writes(0);
    const { message_id } = await answer(ana, id, at(1), { send_at: at(30) });
    const withdraw = (which: string, minutes: number) =>
      refusal(beto.session.sql`select private.withdraw_scheduled(${which}, ${at(minutes)})`);
    expect((await withdraw(message_id, 2)).code).toBe("answered");
    expect((await withdraw(message_id, 3)).code).toBe("answered");
    await watch(bench, org.id, at(31));
    expect(await texts()).toEqual([]);
    const second = await answer(ana, id, at(32), { send_at: at(40) });
    await watch(bench, org.id, at(41));
    expect((await withdraw(second.message_id, 42)).code).toBe("invalid_state");
    expect((await withdraw(randomUUID(), 42)).code).toBe("not_found");
  });

  it("is canceled if its author left, and fails with an alert if nothing can be sent", async () => {
    const id = await writes(0);
    await answer(beto, id, at(1), { content: "From one who leaves", send_at: at(30) });
    await answer(ana, id, at(2), { content: "From one who stays", send_at: at(30) });
    await bench.sql`update public.users set role = 'viewer' where id = ${beto.id}`;
    await bench.sql`update public.phone_numbers set status = 'paused' where org_id = ${org.id}`;
    await watch(bench, org.id, at(31));
    expect((await scheduled()).map(({ state }) => state)).toEqual(["canceled", "failed"]);
    const [alert] = await bench.sql`
      select details from public.alerts where org_id = ${org.id} and kind = 'scheduled_text_failed' and resolved_at is null`;
    expect(alert?.details.conversation_id).toBe(id);
    expect(await eventsOf(bench, id)).toEqual(
      expect.arrayContaining(["schedule_canceled", "schedule_failed"]),
    );
  });

  it("is sent by one of two that run at once", async () => {
    const id = await writes(0);
    const { message_id } = await answer(ana, id, at(1), { send_at: at(30) });
    await bench.holder.begin();
    await bench.holder
      .sql`select from private.contacts where org_id = ${org.id} and e164 = ${lead.e164} for update`;
    const others = [await bench.db.admin(), await bench.db.admin()];
    const runs = others.map(({ sql }) =>
      sql`select private.send_scheduled(${message_id}, ${at(30)})`.execute(),
    );
    await Promise.race(others.map((session) => session.blocked(bench.holder)));
    await bench.holder.commit();
    await Promise.all(runs);
    await Promise.all(others.map((session) => session.end()));
    expect(await texts()).toHaveLength(1);
  });
});

test("a person who leaves gives back conversations, claims and own quick responses", async () => {
  const id = await writes(0);
  await answer(beto, id, at(1));
  await beto.session.sql`select private.claim_conversation(${id}, true, ${at(2)})`;
  await beto.session.sql`select private.save_quick_response(null, '{"title": "Hi", "content": "Hi"}')`;
  await bench.sql`delete from auth.users where id = ${beto.id}`;
  expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: null, claimed_by: null });
  const left = await bench.sql`select from public.quick_responses where org_id = ${org.id}`;
  expect(left).toHaveLength(0);
});

describe("pictures", () => {
  const upload = async (): Promise<string> => {
    const [row] = await bench.sql`
      insert into public.message_media (org_id, direction, state, content_type, bytes, sha256, path, created_at)
      values (${org.id}, 'outbound', 'stored', 'image/png', 9, ${randomUUID().replaceAll("-", "").repeat(2)},
        ${`${org.id}/${randomUUID()}`}, ${at(0)})
      returning id`;
    return row?.id;
  };

  it("go with an answer, also one that waits, and are kept for it", async () => {
    const id = await writes(0);
    const [first, second] = [await upload(), await upload()];
    const now = await answer(ana, id, at(1), { content: "Here", media_ids: [first] });
    const later = await answer(ana, id, at(1), {
      content: "And here",
      media_ids: [second, first],
      send_at: at(1500),
    });
    await bench.sql`select private.prune_media(${at(1490)})`;
    await writeToStayInHours(1499);
    await watch(bench, org.id, at(1500));
    const attached = async (message: string) =>
      (await bench.sql`select path from public.message_media where message_id = ${message} order by ordinal`)
        .length;
    expect([await attached(now.message_id), await attached(later.message_id)]).toEqual([1, 2]);
  });

  it("make another answer of the same words, and the same pictures do not", async () => {
    const id = await writes(0);
    const [first, second] = [await upload(), await upload()];
    const send = (media_ids: string[]) => answer(ana, id, at(1), { content: "Here", media_ids });
    const one = await send([first]);
    expect(await send([second])).toMatchObject({ deduplicated: false });
    expect(await send([first])).toEqual({ message_id: one.message_id, deduplicated: true });
    expect((await refusal(send([randomUUID()]))).details.errors[0].field).toBe("media_ids");
  });

  /** The person wrote within a day, and an answer that waits is not canceled by it. */
  const writeToStayInHours = (minutes: number) =>
    bench.sql`
      update private.contacts set last_inbound_at = ${at(minutes)}
      where org_id = ${org.id} and e164 = ${lead.e164}`;
});
