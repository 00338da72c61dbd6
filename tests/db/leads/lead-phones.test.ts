// A phone of a lead as people change it: what changes for this phone only, what is recorded, and which messages it cancels.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let lead: ArrangedLead;
let primary: string;
let second: string;
let phones = 0;
beforeEach(async () => {
  org = await arrangeOrg(bench.db);
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  const e164 = phoneAt(1799 - phones++);
  await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead.id}, ${e164}, 'secondary')`;
  const rows = await bench.sql`select id from public.lead_phones where lead_id = ${lead.id} order by role`;
  [primary, second] = rows.map(({ id }) => id) as [string, string];
});

async function change(phoneId: string, changes: Record<string, unknown>, leadId = lead.id) {
  const user = await signedIn(bench.db, org.adminId);
  try {
    const [row] = await user.sql`
      select public.update_lead_phone(${leadId}, ${phoneId}, ${user.sql.json(changes as never)}) as phone`;
    return row?.phone;
  } catch (error) {
    const { hint, message } = error as { hint: string; message: string };
    return `${hint}: ${message}`;
  } finally {
    await user.end();
  }
}
const rowOf = async (id: string) => (await bench.sql`select * from public.lead_phones where id = ${id}`)[0];
const contactOf = async () =>
  (await bench.sql`select * from private.contacts where org_id = ${org.id} and e164 = ${lead.e164}`)[0];
const targetsOf = (campaign: string) =>
  bench.sql`select e164, state::text, reason from public.campaign_targets where campaign_id = ${campaign} order by e164`;
const consents = () =>
  bench.sql`select e164, lead_id, status, method, evidence, recorded_by from public.consent_records where org_id = ${org.id}`;

test("label, validity and line type change for that phone only, and the change is in the audit trail", async () => {
  const before = await rowOf(second);
  const changes = { label: " Office ", is_valid: false, line_type: "landline" };
  expect(await change(primary, changes)).toMatchObject({
    id: primary,
    label: "Office",
    is_valid: false,
    invalid_reason: "manual",
    line_type: "landline",
    line_type_source: "manual",
    role: "primary",
  });
  expect(await rowOf(second)).toEqual(before);
  const [event] = await bench.sql`
    select user_id, phone_number, lead_id, details from public.audit_events where org_id = ${org.id} and event_type = 'lead_phone_changed'`;
  expect(event).toEqual({
    user_id: org.adminId,
    phone_number: lead.e164,
    lead_id: lead.id,
    details: { changes, before: { label: null, is_valid: true, line_type: null } },
  });
});

test("an invalid phone is left out wherever it is, and comes back when it is valid again", async () => {
  await change(primary, { is_valid: false, invalid_reason: "moved away" });
  expect([await contactOf(), await rowOf(primary)]).toMatchObject([
    { invalid_reason: "moved away" },
    { invalid_reason: "moved away" },
  ]);
  const campaign = await arrangeCampaign(bench.db, org, { phones: "all" });
  const other = (await rowOf(second))?.e164 as string;
  expect(await targetsOf(campaign)).toEqual(
    [
      { e164: lead.e164, state: "excluded", reason: "invalid_phone" },
      { e164: other, state: "waiting", reason: null },
    ].sort((a, b) => (a.e164 < b.e164 ? -1 : 1)),
  );
  await change(primary, { is_valid: true });
  expect([await contactOf(), await rowOf(primary)]).toMatchObject([
    { invalid_at: null, invalid_reason: null },
    { is_valid: true, invalid_reason: null },
  ]);
});

describe("consent", () => {
  test("is recorded with who, when and how, for that phone only, and only when it changes", async () => {
    await change(primary, { consent_status: "granted", consent_evidence: "Paper form of 2 May" });
    await change(primary, { consent_status: "granted" });
    await change(second, { consent_status: "denied" });
    await change(second, { consent_status: "unknown" });
    const both = await consents();
    const other = (await rowOf(second))?.e164;
    const by = { lead_id: lead.id, method: "manual", recorded_by: org.adminId };
    expect(both).toEqual([
      { e164: lead.e164, status: "granted", evidence: "Paper form of 2 May", ...by },
      { e164: other, status: "revoked", evidence: "Set on the phone by hand.", ...by },
    ]);
    expect((await rowOf(primary))?.consent_status).toBe("granted");
  });

  test("denied holds for the phone in all leads, and in those that get it later", async () => {
    const [other, later] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
    await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role, consent_status)
      values (${org.id}, ${other.id}, ${lead.e164}, 'secondary', 'granted')`;
    await change(primary, { consent_status: "denied" });
    await bench.sql`select private.write_lead_phones(${org.id}, ${later.id},
      ${bench.sql.json({ alternate_phone: lead.e164 })}, true)`;
    const rows = await bench.sql`
      select lead_id, consent_status from public.lead_phones where org_id = ${org.id} and e164 = ${lead.e164} order by lead_id`;
    expect(rows).toEqual(
      [lead.id, other.id, later.id].sort().map((lead_id) => ({ lead_id, consent_status: "denied" })),
    );
    // Another change of a phone that is denied already says nothing new about the others.
    await bench.sql`update public.lead_phones set consent_status = 'granted' where lead_id = ${other.id} and e164 = ${lead.e164}`;
    await change(primary, { label: "Office" });
    expect((await consents()).filter(({ lead_id }) => lead_id === other.id)).toEqual([
      expect.objectContaining({ status: "revoked", evidence: expect.stringContaining(lead.id) }),
    ]);
  });

  test("can't be granted for somebody who opted out", async () => {
    await bench.sql`select private.suppress(${org.id}, ${lead.e164}, 'keyword', 'STOP')`;
    expect(await change(primary, { consent_status: "granted" })).toContain(
      "invalid_state: This person opted out.",
    );
    expect((await rowOf(primary))?.consent_status).toBe("denied");
    expect(await change(primary, { label: "Office" })).toMatchObject({ label: "Office" });
  });
});

test.each([
  [{ is_valid: false }, "invalid_phone"],
  [{ line_type: "landline" }, "landline"],
  [{ consent_status: "denied" }, "no_consent"],
])("%o takes the phone out of a campaign that waits to write to it", async (changes, reason) => {
  const campaign = await arrangeCampaign(bench.db, org, {});
  expect(await targetsOf(campaign)).toMatchObject([{ state: "waiting" }]);
  await change(primary, changes);
  expect(await targetsOf(campaign)).toMatchObject([{ e164: lead.e164, state: "canceled", reason }]);
});

test("a person's line type outranks a lookup's and Twilio's errors; without it, the next lookup or error sets it", async () => {
  await change(primary, { line_type: "mobile" });
  const mark = () => bench.sql`
    select private.learn_from_error(m, 30006, ${AFTERNOON}) from (
      select (jsonb_populate_record(null::public.messages, ${bench.sql.json({ org_id: org.id, to_number: lead.e164 })})).*) m`;
  await mark();
  expect(await rowOf(primary)).toMatchObject({
    line_type: "mobile",
    line_type_source: "manual",
    is_valid: false,
  });
  await change(primary, { line_type: null, is_valid: true });
  expect(await rowOf(primary)).toMatchObject({ line_type: null, line_type_source: null });
  await bench.sql`update private.contacts set invalid_at = null, invalid_reason = null where org_id = ${org.id}`;
  await mark();
  expect(await rowOf(primary)).toMatchObject({ line_type: "landline", line_type_source: "lookup" });
});

test("a phone of another lead, of another organisation, or an unknown one gives not found", async () => {
  const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  expect(await change(primary, { label: "x" }, other.id)).toContain("not_found");
  const theirs = await arrangeOrg(bench.db);
  const [foreign] = (await arrangeLeads(bench.db, theirs.id, 1)) as [ArrangedLead];
  const [phone] = await bench.sql`select id from public.lead_phones where lead_id = ${foreign.id}`;
  expect(await change(phone?.id, { label: "x" }, foreign.id)).toContain("not_found");
  await bench.sql`update public.leads set deleted_at = now() where id = ${lead.id}`;
  expect(await change(primary, { label: "x" })).toContain("not_found");
});

test("a primary phone that is invalid stays the primary one, and can't be taken from a lead", async () => {
  await change(primary, { is_valid: false });
  expect((await rowOf(primary))?.role).toBe("primary");
  const user = await signedIn(bench.db, org.adminId);
  const emptied = user.sql`select public.update_lead(${lead.id}, ${user.sql.json({ primary_phone: null })})`;
  await expect(emptied).rejects.toMatchObject({
    hint: "invalid_input",
    message: "A lead needs a primary phone.",
  });
  await user.end();
});
