// When a lead was first and last written to: noted when texts are sent, and folded once each, by any session.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let leads: [ArrangedLead, ArrangedLead, ArrangedLead];
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  leads = (await arrangeLeads(bench.db, org.id, 3)) as typeof leads;
});

/** A campaign whose texts to some leads are sent at that moment. */
async function sendTo(at: Date, to: ArrangedLead[]): Promise<string> {
  const id = await arrangeCampaign(bench.db, org, { cooldown_days: 0 });
  await bench.sql`
    update public.campaign_targets set state = 'sent', delivery = 'unconfirmed', sent_at = ${at}
    where campaign_id = ${id} and lead_id = any (${to.map((lead) => lead.id)}::uuid[])`;
  return id;
}
const fold = async () => {
  const [row] = await bench.sql`select private.fold_lead_activity() as leads`;
  return row?.leads;
};
const read = async ({ id }: ArrangedLead) => {
  const [row] = await bench.sql`
    select l.first_contacted_at, l.status, a.last_contacted_at
    from public.leads l left join private.lead_activity a on a.lead_id = l.id where l.id = ${id}`;
  return row;
};

test("first and last are kept apart, and a new lead becomes contacted", async () => {
  const [ana, beto, carla] = leads;
  await bench.sql`update public.leads set status = 'interested' where id = ${beto.id}`;
  await sendTo(AFTERNOON, [ana, beto]);
  expect(await read(ana)).toMatchObject({ first_contacted_at: null, status: "new", last_contacted_at: null });
  expect(await fold()).toBe(2);
  expect(await fold()).toBe(0);
  const day = later(AFTERNOON, 86_400);
  await sendTo(day, [ana]);
  await fold();
  expect(await read(ana)).toMatchObject({
    first_contacted_at: AFTERNOON,
    last_contacted_at: day,
    status: "contacted",
  });
  expect(await read(beto)).toMatchObject({
    first_contacted_at: AFTERNOON,
    last_contacted_at: AFTERNOON,
    status: "interested",
  });
  expect(await read(carla)).toMatchObject({
    first_contacted_at: null,
    last_contacted_at: null,
    status: "new",
  });
});

test("an older text that is folded later does not turn the clock back", async () => {
  const [ana] = leads;
  await sendTo(AFTERNOON, [ana]);
  await fold();
  await sendTo(later(AFTERNOON, -3600), [ana]);
  await fold();
  expect((await read(ana))?.last_contacted_at).toEqual(AFTERNOON);
});

test("a receipt for what was sent already is no second text", async () => {
  const [ana] = leads;
  const id = await sendTo(AFTERNOON, [ana]);
  await fold();
  await bench.sql`update public.campaign_targets set delivery = 'delivered' where campaign_id = ${id} and state = 'sent'`;
  expect(await fold()).toBe(0);
});

test("takes no more than its limit, and the rest the next time", async () => {
  await sendTo(AFTERNOON, leads);
  const [row] = await bench.sql`select private.fold_lead_activity(2) as leads`;
  expect(row?.leads).toBe(2);
  expect(await fold()).toBe(1);
  for (const lead of leads) expect((await read(lead))?.first_contacted_at).toEqual(AFTERNOON);
});

test("skips a deleted lead", async () => {
  const [ana, beto] = leads;
  await sendTo(AFTERNOON, [ana, beto]);
  await bench.sql`delete from public.campaign_targets where lead_id = ${ana.id}`;
  await bench.sql`delete from public.leads where id = ${ana.id}`;
  expect(await fold()).toBe(1);
  expect((await read(beto))?.first_contacted_at).toEqual(AFTERNOON);
});

test("two folds at once: one works, the other leaves it", async () => {
  await sendTo(AFTERNOON, leads);
  const [one, two] = await Promise.all([bench.db.admin(), bench.db.admin()]);
  await one.sql.unsafe("begin");
  const [first] = await one.sql`select private.fold_lead_activity() as leads`;
  const [second] = await two.sql`select private.fold_lead_activity() as leads`;
  await one.sql.unsafe("commit");
  expect([first?.leads, second?.leads]).toEqual([3, 0]);
});

test("a fold that breaks off loses nothing", async () => {
  const [ana] = leads;
  await sendTo(AFTERNOON, [ana]);
  const { sql } = await bench.db.admin();
  await sql.unsafe("begin");
  await sql`select private.fold_lead_activity()`;
  await sql.unsafe("rollback");
  expect(await fold()).toBe(1);
});
