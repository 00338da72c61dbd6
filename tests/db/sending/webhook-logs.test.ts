// Webhooks of strangers are kept within limits, and a kept webhook does not contain the account.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { KnownAccounts } from "../../../supabase/functions/twilio/known-accounts.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { accepted, claim, makeDue, newSid, plan, receipt, settle } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});

const form = (fields = {}) => ({
  fields: { AccountSid: org.accountSid, From: "+12145550100", ...fields },
  query: "?mid=1",
});
const log = async (
  orgId: string | null,
  count: number,
  isSigned = false,
  now = AFTERNOON,
): Promise<number> => {
  const [row] = await bench.a.sql`
    select count(*) filter (where kept)::int as kept
    from (select private.log_webhook(${orgId}, 'status', ${bench.a.sql.json(form())}, 'why', ${isSigned}, ${now}) as kept
      from generate_series(1, ${count})) x`;
  return row?.kept;
};

describe("refused webhooks", () => {
  it("are kept within limits an hour, forgeries apart from what the account signed", async () => {
    expect(await log(null, 700)).toBe(600);
    expect(await log(org.id, 200)).toBe(120);
    expect(await log(org.id, 200, true)).toBe(120);
    expect(await log(org.id, 1, true, later(AFTERNOON, 60))).toBe(0);
    // Another organisation's is not used up, and the next hour has its own.
    const other = await arrangeOrg(bench.db);
    expect(await log(other.id, 1)).toBe(1);
    expect(await log(org.id, 200, false, later(AFTERNOON, 3_600))).toBe(120);
    const [row] =
      await bench.sql`select count(*)::int as n from public.webhook_logs where org_id = ${org.id}`;
    expect(row?.n).toBe(360);
  });

  it("by many connections at once are kept within the same limit", async () => {
    const sessions = await Promise.all([1, 2, 3].map(() => bench.db.worker()));
    const kept = await Promise.all(
      sessions.map(async (session) => {
        let count = 0;
        for (let i = 0; i < 60; i++) {
          const [row] =
            await session.sql`select private.log_webhook(${org.id}, 'inbound', '{}', 'why', false, ${AFTERNOON}) as kept`;
          count += Number(row?.kept);
        }
        return count;
      }),
    );
    expect(kept.reduce((a, b) => a + b)).toBe(120);
  });

  it("are kept without the account, wherever it is in the request", async () => {
    const payload = {
      ...form({ Uri: `/Accounts/${org.accountSid}/x`, Body: "Hola" }),
      query: `?a=${org.accountSid}`,
    };
    await bench.a.sql`select private.log_webhook(${org.id}, 'status', ${bench.a.sql.json(payload)}, 'why')`;
    const rows =
      await bench.sql`select id, payload from public.webhook_logs where org_id = ${org.id} order by id`;
    expect(rows).toEqual([
      {
        id: expect.anything(),
        payload: { fields: { From: "+12145550100", Uri: "/Accounts/AC…/x", Body: "Hola" }, query: "?a=AC…" },
      },
    ]);
  });
});

async function sendOne(to: ArrangedOrg) {
  await arrangeLeads(bench.db, to.id, 1);
  await arrangeCampaign(bench.db, to);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const [claimed] = await claim(bench.a.sql, { now: AFTERNOON });
  if (!claimed) throw new Error("nothing was claimed");
  return claimed;
}

describe("a receipt", () => {
  it("is kept without the account and anything that looks like credentials", async () => {
    const claimed = await sendOne(org);
    await settle(bench.a.sql, [accepted(claimed.attempt_id)], AFTERNOON);
    const raw = {
      AccountSid: org.accountSid,
      MessageStatus: "sent",
      NewThing: "¿qué?",
      Empty: "",
      AuthToken: "t",
      ApiKey: "k",
      Uri: `/Accounts/${org.accountSid}/Messages`,
    };
    const args = [org.id, claimed.message_id, claimed.attempt_id, newSid(), "sent"] as const;
    await bench.a
      .sql`select private.apply_receipt(${args[0]}, ${args[1]}, ${args[2]}, ${args[3]}, ${args[4]}, null, ${bench.a.sql.json(raw)}, ${AFTERNOON})`;
    const kept = { MessageStatus: "sent", NewThing: "¿qué?", Empty: "", Uri: "/Accounts/AC…/Messages" };
    const read = async () =>
      (await bench.sql`select raw_data from public.message_status_events where org_id = ${org.id}`).map(
        (row) => row.raw_data,
      );
    expect(await read()).toEqual([kept]);
  });
});

describe("a MessageSid that another organisation used", () => {
  const write = async (to: ArrangedOrg, sid: string, from: string) => {
    const [row] = await bench.a.sql`
      select private.receive_inbound(${to.accountSid}, ${sid}, ${from}, ${to.numbers[0]?.e164 as string}, 'Stop',
        '{}'::text[], 'stop', 'exact', false, 'en', false, 'stop') as result`;
    return row?.result;
  };

  it("does not make a person's STOP a repeat", async () => {
    const attacker = await arrangeOrg(bench.db);
    const sid = newSid();
    expect(await write(attacker, sid, "+12145550177")).toBe("stop");
    expect(await write(org, sid, "+12145550178")).toBe("stop");
    expect(await write(org, sid, "+12145550178")).toBe("repeated");
    const [row] =
      await bench.sql`select count(*)::int as n from public.opt_outs where org_id = ${org.id} and e164 = '+12145550178' and is_active`;
    expect(row?.n).toBe(1);
  });

  it("does not keep a send from being settled, nor from being found by a look; nor does one of its own", async () => {
    const attacker = await arrangeOrg(bench.db);
    const [sid, own] = [newSid(), newSid()];
    await write(attacker, sid, "+12145550179");
    await write(org, own, "+12145550180");
    await bench.clear();
    const claimed = await sendOne(org);
    expect(await settle(bench.a.sql, [accepted(claimed.attempt_id, sid)], AFTERNOON)).toBe(1);
    const { message_id: messageId, attempt_id: attemptId } = claimed;
    const delivered = { messageId, attemptId, sid, status: "delivered" };
    expect(await receipt(bench.a.sql, org.id, delivered, AFTERNOON)).toBe("applied");
    await bench.clear();
    const second = await sendOne(org);
    expect(await settle(bench.a.sql, [accepted(second.attempt_id, own)], AFTERNOON)).toBe(1);
    await bench.clear();
    const other = await sendOne(await arrangeOrg(bench.db));
    const [look] = await bench.a.sql`
      select private.record_look(${other.attempt_id}, ${sid}, 'sent', null, 'Hola', ${AFTERNOON}) as result`;
    expect(look?.result).not.toBe("look_again");
  });
});

describe("unknown accounts", () => {
  it("cost one query a second for any number of them; an account that was just added is known at once", async () => {
    const accounts = new KnownAccounts();
    let queries = 0;
    const sql = new Proxy(bench.a.sql, {
      apply: (target, self, args) => {
        queries++;
        return Reflect.apply(target, self, args);
      },
    });
    const stranger = () => `AC${randomUUID().replaceAll("-", "")}`;
    const heap = process.memoryUsage().heapUsed;
    // A new isolate's first look: its own, and one for those who came while it was under way.
    const first = await Promise.allSettled(Array.from({ length: 500 }, () => accounts.has(sql, stranger())));
    expect(first.filter(({ status }) => status === "fulfilled")).toHaveLength(101);
    expect(queries).toBe(2);
    for (let round = 1; round <= 4; round++) {
      const asked = await Promise.allSettled(
        Array.from({ length: 500 }, () => accounts.has(sql, stranger())),
      );
      // A hundred wait for the look. The others are asked to come again, so that waiting webhooks never hold all connections.
      const answered = asked.filter(({ status }) => status === "fulfilled");
      expect(answered).toEqual(Array(100).fill({ status: "fulfilled", value: false }));
      const refused = asked.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
      expect(refused).toEqual(Array(400).fill("try_again"));
      expect(queries).toBe(round + 2);
    }
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(50 * 1_048_576);
    const added = await arrangeOrg(bench.db, { numbers: 0 });
    expect(await accounts.has(sql, added.accountSid)).toBe(true);
    expect(queries).toBe(7);
    // Known now: no more queries.
    expect(await accounts.has(sql, added.accountSid)).toBe(true);
    expect(await accounts.has(sql, org.accountSid)).toBe(true);
    expect(queries).toBe(7);
  });
});
