// A campaign's figures add up at every instant, for any order of events; completed means that no target is left.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import { newSid, receipt, sendAll } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { RandomDriver } from "../../fixtures/random-driver.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
});

test("300 random events of three campaigns", async () => {
  const random = seededRandom("figures");
  await arrangeLeads(bench.db, org.id, 40);
  const campaigns = [
    await arrangeCampaign(bench.db, org),
    await arrangeCampaign(bench.db, org, { retry_undelivered: true }),
    await arrangeCampaign(bench.db, org, { mps: 2, daily_cap: 60 }),
  ];
  const user = await signedIn(bench.db, org.adminId);
  const state = { now: AFTERNOON, held: [], posted: [] };
  const driver = new RandomDriver({ ...bench, user }, org, campaigns, random, state);
  const done: string[] = [];
  for (let i = 0; i < 300; i++) {
    done.push(await driver.step());
    const wrong = await checkFigures(bench.db, org.id);
    expect({ step: i, last: done.slice(-3), wrong }).toEqual({ step: i, last: done.slice(-3), wrong: [] });
  }
  await user.end();
  // The run tested something: people were reached, and errors happened.
  const [reached] = await bench.sql`
    select count(*) filter (where state = 'sent')::int as sent, count(distinct state)::int as states
    from public.campaign_targets where org_id = ${org.id}`;
  expect(reached?.sent).toBeGreaterThan(5);
  expect(reached?.states).toBeGreaterThan(2);
});

const status = async (id: string) =>
  (await bench.sql`select status::text from public.campaigns where id = ${id}`)[0]?.status;
// Async, so that it is sent when called: this client sends a query only when it is awaited.
const finish = async (now = AFTERNOON) => await bench.holder.sql`select private.finish_campaigns(${now})`;
const fold = async (session: { sql: typeof bench.sql }) => await session.sql`select private.fold_stats()`;

test("a campaign that has completed goes on when Twilio could not hand a message over, and completes again", async () => {
  await arrangeLeads(bench.db, org.id, 2);
  const id = await arrangeCampaign(bench.db, org);
  const [send] = await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  await finish();
  expect(await status(id)).toBe("completed");
  const given = {
    messageId: send?.message_id ?? "",
    attemptId: send?.attempt_id ?? "",
    sid: send?.sid ?? "",
  };
  await receipt(bench.b.sql, org.id, { ...given, status: "failed", code: 30022 }, later(AFTERNOON, 60));
  expect(await status(id)).toBe("running");
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
  await finish();
  expect(await status(id)).toBe("running");
  await sendAll(bench.a.sql, bench.sql, later(AFTERNOON, 3600));
  await finish();
  expect(await status(id)).toBe("completed");
});

test("a message that failed in a campaign that was stopped is not waited for", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  const id = await arrangeCampaign(bench.db, org);
  const [send] = await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.stop_campaign(${id}, ${AFTERNOON})`;
  await user.end();
  const given = {
    messageId: send?.message_id ?? "",
    attemptId: send?.attempt_id ?? "",
    sid: send?.sid ?? "",
  };
  await receipt(
    bench.b.sql,
    org.id,
    { ...given, status: "failed", code: 30022 },
    later(AFTERNOON, 86_400 * 3),
  );
  const [target] =
    await bench.sql`select state::text, reason from public.campaign_targets where campaign_id = ${id}`;
  expect(target).toEqual({ state: "canceled", reason: "stopped" });
});

test("a receipt that arrives while campaigns are being completed keeps its own campaign from being completed", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  const one = await arrangeCampaign(bench.db, org);
  const two = await arrangeCampaign(bench.db, org);
  await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  const [first, second] = [one, two].sort() as [string, string];
  // A barrier at the first campaign's row: completing has begun and has seen all targets sent.
  await bench.sql.unsafe(`
    create function private.wait_at_gate() returns trigger language plpgsql as $$
    begin
      if new.id = '${first}' and new.status = 'completed' then perform pg_advisory_xact_lock(4711); end if;
      return new;
    end $$;
    create trigger wait_at_gate before update on public.campaigns for each row execute function private.wait_at_gate()`);
  await bench.b.begin();
  await bench.b.sql`select pg_advisory_xact_lock(4711)`;
  const finishing = finish();
  await bench.holder.blocked(bench.b);
  const [message] =
    await bench.sql`select id, attempt_id, provider_sid from public.messages where campaign_id = ${second}`;
  const given = {
    messageId: message?.id,
    attemptId: message?.attempt_id,
    sid: message?.provider_sid ?? newSid(),
  };
  const receiving = receipt(bench.a.sql, org.id, { ...given, status: "failed", code: 30022 }, AFTERNOON);
  // It waits for the campaign if completing has locked it already, else it is done at once.
  await Promise.race([receiving, bench.a.blocked(bench.holder).catch(() => {})]);
  await bench.b.commit();
  await Promise.all([finishing, receiving]);
  await bench.sql.unsafe(
    "drop trigger wait_at_gate on public.campaigns; drop function private.wait_at_gate()",
  );
  expect([await status(first), await status(second)]).toEqual(["completed", "running"]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

test("folding while others count loses nothing and counts nothing twice", async () => {
  await arrangeLeads(bench.db, org.id, 30);
  const id = await arrangeCampaign(bench.db, org);
  const folds = Array.from({ length: 15 }, () => fold(bench.holder));
  const more = Array.from({ length: 15 }, () => fold(bench));
  await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  await Promise.all([...folds, ...more]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
  const [stats] =
    await bench.sql`select sent, segments, updated_at from public.campaign_stats where campaign_id = ${id}`;
  expect(stats).toMatchObject({ sent: 30, segments: 30 });
});

describe("of two folds at the same time", () => {
  const APART = "950 milliseconds";
  let id: string;
  beforeEach(async () => {
    await arrangeLeads(bench.db, org.id, 2);
    id = await arrangeCampaign(bench.db, org);
    await fold(bench);
    await bench.sql`update public.campaign_stats set updated_at = ${later(AFTERNOON, -60)} where campaign_id = ${id}`;
    await change("canceled");
  });
  const change = async (state: "waiting" | "canceled") =>
    await bench.sql`
      update public.campaign_targets set state = ${state}, reason = ${state === "canceled" ? "stopped" : null}
      where id = (select id from public.campaign_targets where campaign_id = ${id} and state <> ${state} limit 1)`;
  const foldAt = async (session: Session, now: Date) => {
    const [row] = await session.sql`select private.fold_stats(${now}, ${APART}, ${org.id}) as folded`;
    return row?.folded as number;
  };
  const stats = async () => {
    const [row] = await bench.sql`
      select waiting, canceled, updated_at,
        (select count(*)::int from realtime.messages m where m.topic = 'campaign:' || s.campaign_id
          and m.payload ->> 'table' = 'campaign_stats') as broadcasts
      from public.campaign_stats s where s.campaign_id = ${id}`;
    return row;
  };

  test("the one that waited for the other broadcasts nothing until the figures are a second old", async () => {
    const before = await stats();
    await bench.holder.begin();
    expect(await foldAt(bench.holder, AFTERNOON)).toBe(1);
    // A change that the first has not seen, and the second can.
    await change("canceled");
    const other = await bench.db.admin();
    const second = foldAt(other, later(AFTERNOON, 0.5));
    await other.blocked(bench.holder);
    await bench.holder.commit();
    expect(await second).toBe(0);
    expect(await stats()).toEqual({
      waiting: 1,
      canceled: 1,
      updated_at: AFTERNOON,
      broadcasts: before?.broadcasts + 1,
    });
    expect(await foldAt(other, later(AFTERNOON, 0.949))).toBe(0);
    expect(await foldAt(other, later(AFTERNOON, 0.95))).toBe(1);
    expect(await stats()).toMatchObject({ waiting: 0, canceled: 2, broadcasts: before?.broadcasts + 2 });
    await other.end();
  });

  test("the second dates the figures at the time when it got them, not when it began to wait", async () => {
    await bench.holder.begin();
    await bench.holder.sql`select 1 from public.campaign_stats where campaign_id = ${id} for no key update`;
    const other = await bench.db.admin();
    const folding = other.sql`select private.fold_stats(p_org_id => ${org.id})`.then(() => {});
    await other.blocked(bench.holder);
    const [waited] = await bench.sql`select clock_timestamp() as at`;
    await bench.holder.commit();
    await folding;
    expect((await stats())?.updated_at.getTime()).toBeGreaterThanOrEqual(waited?.at.getTime());
    await other.end();
  });

  test("none keeps changes of a campaign that is gone", async () => {
    await bench.sql`insert into private.campaign_deltas (org_id, campaign_id, sent) values (${org.id}, ${org.id}, 1)`;
    expect(await foldAt(bench.holder, later(AFTERNOON, -60))).toBe(0);
    const left = await bench.sql`select campaign_id from private.campaign_deltas where org_id = ${org.id}`;
    expect(left).toEqual([{ campaign_id: id }]);
  });
});
