// Three steps and two variants to 10,000 people who answer.
import { sentAfterOptOut } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { checkFigures } from "../fixtures/check-figures.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { judgeDrip, runDrip, TALKATIVE } from "../fixtures/run-drip.ts";

const PEOPLE = 10_000;
let org: TestOrg;
const phones = Array.from({ length: PEOPLE }, (_, n) => `+1512${2_000_000 + n}`);
beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 10, mps: 100, behaviour: { people: TALKATIVE } });
  await org.sql`update public.sending_limits set opt_out_rate = 1 where org_id = ${org.id}`;
  await org.sql`update public.orgs set daily_cap = null where id = ${org.id}`;
  await org.sql`
    with made as (
      insert into public.leads (org_id, first_name) select ${org.id}, 'Rosa' from generate_series(1, ${PEOPLE}) returning id
    )
    insert into public.lead_phones (org_id, lead_id, e164, role)
    select ${org.id}, m.id, p.e164, 'primary'
    from (select id, row_number() over () as n from made) m
    join unnest(${phones}::text[]) with ordinality as p(e164, n) on p.n = m.n`;
});
afterAll(() => org?.close());

test("everybody gets exactly the steps they should", { timeout: 1_800_000 }, async () => {
  await runDrip(org, 600);
  expect(await judgeDrip(org, phones)).toEqual([]);
  expect(sentAfterOptOut(await org.simulator.readRecord())).toEqual([]);
  expect(await checkFigures(org, org.id)).toEqual([]);
});
