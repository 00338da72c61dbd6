// Leads that share a phone: the refusal of one holds for all of them, at every look from the audience to the claim.
import { beforeEach, describe, expect, it } from "vitest";
import { addImport, applyChunk, chunkRow, undoQuietly } from "../../fixtures/apply-import.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { write } from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import type { TestOrg } from "../../fixtures/create-org.ts";
import { claim, makeDue, plan, sendAll, writeStop } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
let lead: ArrangedLead;
let spouse: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  await user?.rollback().then(() => user.end());
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
  [lead, spouse] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
  await bench.sql`update public.lead_phones set e164 = ${lead.e164} where lead_id = ${spouse.id}`;
});

const change = (of: ArrangedLead, fields: Record<string, unknown>) =>
  user.sql`select private.update_lead(${of.id}, ${bench.sql.json(fields as never)}, p_now => ${AFTERNOON})`;
const targetsOf = async (campaign: string) =>
  (
    await bench.sql`
      select lead_id, state::text, reason from public.campaign_targets where campaign_id = ${campaign} order by ordinal`
  ).map(({ lead_id, state, reason }) => [lead_id === lead.id ? "lead" : "spouse", state, reason]);
/** What becomes of a direct text to a lead at the shared phone. */
const direct = (to: ArrangedLead, body = "Hola", now = AFTERNOON) =>
  user.sql`select private.send_direct(${body}, ${lead.e164}, ${to.id}, null, ${now}) as answer`.then(
    ([row]) => row?.answer as { message_id: string },
    ({ hint, detail }) => ({ code: hint, details: JSON.parse(detail) }),
  );
const isRefused = async () =>
  (await bench.sql`select private.refused_by(${org.id}, ${lead.e164}) as by`)[0]?.by !== null;

const refusals: [string, Record<string, unknown>, string][] = [
  ["is do_not_contact", { status: "do_not_contact" }, "do_not_contact"],
  ["denied consent", { consent_status: "denied" }, "no_consent"],
];

describe.each(refusals)("a phone that another lead has, who %s,", (_what, fields, reason) => {
  it("is in no audience", async () => {
    await change(spouse, fields);
    await bench.sql`update public.lead_phones set consent_status = 'granted' where lead_id = ${lead.id}`;
    const targets = await targetsOf(await arrangeCampaign(bench.db, org));
    expect(targets.map(([who, state]) => [who, state])).toEqual([
      ["lead", "excluded"],
      ["spouse", "excluded"],
    ]);
    expect(targets[0]?.[2]).toBe(reason);
  });

  it("is not planned if that was said after the audience was built", async () => {
    const campaign = await arrangeCampaign(bench.db, org);
    await change(spouse, fields);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
    expect(await targetsOf(campaign)).toEqual([
      ["lead", "excluded", reason],
      ["spouse", "excluded", "duplicate"],
    ]);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });

  it("is not claimed if that was said after the text was planned, and its caps are refunded", async () => {
    const campaign = await arrangeCampaign(bench.db, org);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    await change(spouse, fields);
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: AFTERNOON })).toEqual([]);
    expect((await targetsOf(campaign))[0]).toEqual(["lead", "canceled", reason]);
    const used =
      await bench.sql`select messages from private.daily_usage where scope = 'org' and scope_id = ${org.id}`;
    expect(used.map(({ messages }) => messages)).toEqual([0]);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });

  it("gets no direct text, and the answer names that lead", async () => {
    await change(spouse, fields);
    const details = { lead_id: spouse.id, reason, is_deleted: false };
    expect(await direct(lead)).toEqual({ code: "opted_out", details });
  });

  it("gets no direct text that waits for its claim, and its author is told", async () => {
    const sent = await direct(lead);
    await change(spouse, fields);
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: AFTERNOON })).toEqual([]);
    const [message] = await bench.sql`
      select status::text, needs_attention from public.messages where id = ${(sent as { message_id: string }).message_id}`;
    expect(message).toEqual({ status: "canceled", needs_attention: expect.stringContaining("Not sent") });
  });

  it("may be written to again once that lead says otherwise", async () => {
    await change(spouse, fields);
    await change(spouse, { status: "contacted", consent_status: "unknown" });
    await bench.sql`update public.lead_phones set consent_status = 'unknown' where lead_id = ${lead.id}`;
    const campaign = await arrangeCampaign(bench.db, org);
    expect((await targetsOf(campaign))[0]).toEqual(["lead", "waiting", null]);
    expect(await sendAll(bench.a.sql, bench.sql, AFTERNOON)).toHaveLength(1);
  });
});

it("a lead that is set to do_not_contact while its campaign runs gets nothing more", async () => {
  const campaign = await arrangeCampaign(bench.db, org);
  await change(lead, { status: "do_not_contact" });
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
  expect((await targetsOf(campaign))[0]).toEqual(["lead", "excluded", "do_not_contact"]);
});

it("of a lead's phones, the direct text goes to one that nobody refuses", async () => {
  const own = phoneAt(1_600);
  await bench.sql`
    insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead.id}, ${own}, 'secondary')`;
  await change(spouse, { status: "do_not_contact" });
  const [row] =
    await user.sql`select private.send_direct('Hola', null, ${lead.id}, null, ${AFTERNOON}) as answer`;
  const [message] =
    await bench.sql`select to_number from public.messages where id = ${row?.answer.message_id}`;
  expect(message?.to_number).toBe(own);
});

describe("a refusal", () => {
  it("outlives the lead that is deleted, until consent is recorded", async () => {
    await change(spouse, { status: "do_not_contact" });
    await user.sql`select private.delete_lead(${spouse.id}, ${AFTERNOON})`;
    const details = { lead_id: spouse.id, reason: "do_not_contact", is_deleted: true };
    expect(await direct(lead)).toEqual({ code: "opted_out", details });
    const [phone] = await bench.sql`select id from public.lead_phones where lead_id = ${lead.id}`;
    await user.sql`select private.update_lead_phone(${lead.id}, ${phone?.id}, '{"consent_status": "granted"}', ${AFTERNOON})`;
    expect(await direct(lead)).toHaveProperty("message_id");
    // Restored, it refuses again.
    await bench.sql`update public.leads set deleted_at = null where id = ${spouse.id}`;
    expect(await isRefused()).toBe(true);
  });

  it("of a deleted lead ends by the person's own START", async () => {
    await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", AFTERNOON);
    await bench.sql`update public.leads set deleted_at = now() where id = ${spouse.id}`;
    await write(bench.b.sql, org, lead.e164, { kind: "start" }, later(AFTERNOON, 60));
    expect(await isRefused()).toBe(false);
  });

  it("by an opt-out ends for every lead with the phone at START, but not what a person chose", async () => {
    await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", AFTERNOON);
    const statuses = async () =>
      (await bench.sql`select status from public.leads where id in ${bench.sql([lead.id, spouse.id])}`).map(
        ({ status }) => status,
      );
    expect(await statuses()).toEqual(["do_not_contact", "do_not_contact"]);
    await write(bench.b.sql, org, lead.e164, { kind: "start" }, later(AFTERNOON, 60));
    expect(await statuses()).toEqual(["contacted", "contacted"]);
    expect(await isRefused()).toBe(false);
    await change(spouse, { status: "do_not_contact" });
    await write(bench.b.sql, org, lead.e164, { kind: "start" }, later(AFTERNOON, 120));
    expect(await isRefused()).toBe(true);
  });

  it("of a merged lead is that of the kept one", async () => {
    await change(spouse, { status: "do_not_contact" });
    await user.sql`select private.merge_leads(${lead.id}, ${[spouse.id]}, '{}', false, ${AFTERNOON})`;
    expect(await isRefused()).toBe(true);
    await change(lead, { status: "interested" });
    expect(await isRefused()).toBe(false);
  });

  it("of a merged lead holds for the phones that the merge left on it, then and later", async () => {
    const addPhones = async (to: ArrangedLead, from: number) => {
      for (const [i, role] of ["secondary", "alternate"].entries())
        await bench.sql`
          insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${to.id}, ${phoneAt(from + i)}, ${role})`;
    };
    const [full, third] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
    await addPhones(full, 1_610);
    const merged = (keep: ArrangedLead, other: ArrangedLead) =>
      user.sql`select private.merge_leads(${keep.id}, ${[other.id]}, '{}', false, ${AFTERNOON})`;
    await change(spouse, { status: "do_not_contact" });
    await merged(full, spouse);
    expect(await isRefused()).toBe(true);
    expect(await direct(lead)).toMatchObject({
      code: "opted_out",
      details: { lead_id: full.id, is_deleted: false },
    });
    await change(full, { status: "interested" });
    expect(await isRefused()).toBe(false);
    // The kept lead refuses only later.
    await change(full, { status: "do_not_contact" });
    expect(await isRefused()).toBe(true);
    // And when it is merged on.
    await change(full, { status: "new" });
    await addPhones(third, 1_620);
    await change(third, { status: "do_not_contact" });
    await merged(third, full);
    expect(await isRefused()).toBe(true);
  });

  it("holds for the phones of a lead: none can be taken from it while it refuses", async () => {
    await change(spouse, { status: "do_not_contact" });
    const refused = (fields: Record<string, unknown>) =>
      change(spouse, fields).then(
        () => "changed",
        ({ hint, detail }) => [hint, JSON.parse(detail).field],
      );
    expect(await refused({ primary_phone: phoneAt(1_630) })).toEqual(["invalid_state", "status"]);
    expect(await refused({ secondary_phone: phoneAt(1_630) })).toBe("changed");
    expect(await refused({ secondary_phone: null })).toEqual(["invalid_state", "status"]);
    expect(await refused({ first_name: "Ana", primary_phone: lead.e164 })).toBe("changed");
    await change(spouse, { status: "new" });
    expect(await refused({ secondary_phone: null })).toBe("changed");
  });

  it("of a deleted lead that is emptied with another person stays, as an opt-out", async () => {
    const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await bench.sql`
      insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${spouse.id}, ${other.e164}, 'secondary')`;
    await change(spouse, { status: "do_not_contact" });
    await user.sql`select private.delete_lead(${spouse.id}, ${AFTERNOON})`;
    const [row] =
      await user.sql`select private.erase_lead(${lead.id}, ${lead.e164}, '{}', ${AFTERNOON}) as done`;
    expect(row?.done.suppressed).toEqual([lead.e164, other.e164].sort());
    const campaign = await arrangeCampaign(bench.db, org);
    expect((await targetsOf(campaign))[0]?.slice(1)).toEqual(["excluded", "suppressed"]);
  });

  it("that an import alone brought ends with its undo, also if its lead must stay", async () => {
    const importing = { ...org, sql: bench.sql } as unknown as TestOrg;
    const id = await addImport(importing, { merge_strategy: "create" });
    await applyChunk(
      bench.sql,
      id,
      0,
      [chunkRow(2, [lead.e164], { lead: { status: "do_not_contact" } })],
      true,
    );
    expect(await isRefused()).toBe(true);
    // A target refers to the imported lead.
    await arrangeCampaign(bench.db, org);
    await undoQuietly(importing, id);
    expect(await isRefused()).toBe(false);
  });

  it("by denied consent ends by the person's own START, for this phone alone", async () => {
    const second = phoneAt(1_640);
    await bench.sql`
      insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${spouse.id}, ${second}, 'secondary')`;
    await change(spouse, { consent_status: "denied" });
    await write(bench.b.sql, org, lead.e164, { kind: "start" }, later(AFTERNOON, 60));
    expect(await isRefused()).toBe(false);
    const phones = await bench.sql`
      select e164, consent_status from public.lead_phones where lead_id = ${spouse.id} order by role`;
    expect(phones.map(({ consent_status }) => consent_status).sort()).toEqual(["denied", "granted"]);
  });

  it("holds for codes and test texts, too", async () => {
    await change(spouse, { status: "do_not_contact" });
    const asked = user.sql`select private.add_test_phone(${lead.e164}, null, ${AFTERNOON})`.then(
      () => "sent",
      ({ hint }) => hint,
    );
    expect(await asked).toBe("opted_out");
  });

  it("does not reach another organisation", async () => {
    const other = await arrangeOrg(bench.db);
    const [theirs] = (await arrangeLeads(bench.db, other.id, 1)) as [ArrangedLead];
    await bench.sql`update public.lead_phones set e164 = ${lead.e164} where lead_id = ${theirs.id}`;
    await change(spouse, { status: "do_not_contact" });
    const campaign = await arrangeCampaign(bench.db, other);
    const [target] =
      await bench.sql`select state::text from public.campaign_targets where campaign_id = ${campaign}`;
    expect(target?.state).toBe("waiting");
  });
});

it("any order of changes leaves exactly the phones of leads that refuse", async () => {
  const random = seededRandom("refused-phones");
  const leads = [lead, spouse, ...(await arrangeLeads(bench.db, org.id, 4))] as ArrangedLead[];
  const pick = () => random.pick(leads);
  const steps: (() => PromiseLike<unknown>)[] = [
    () => change(pick(), { status: random.pick(["new", "contacted", "do_not_contact"]) }),
    () => change(pick(), { consent_status: random.pick(["unknown", "denied"]) }),
    () =>
      change(pick(), {
        secondary_phone: random.pick([null, phoneAt(1_700 + Math.floor(random.next() * 4))]),
      }),
    () => user.sql`select private.delete_lead(${pick().id}, ${AFTERNOON})`,
    () =>
      bench.sql`update public.leads set deleted_at = null where id = ${pick().id} and merged_into is null`,
    () => user.sql`select private.merge_leads(${pick().id}, ${[pick().id]}, '{}', false, ${AFTERNOON})`,
  ];
  for (let n = 0; n < 120; n++) {
    // Some are refused: a lead that is deleted already, one merged with itself, a phone that another lead has.
    await Promise.resolve(random.pick(steps)()).catch((error) => expect(error.code).toMatch(/^PT/));
    const wrong = await bench.sql`
      select p.e164 from public.lead_phones p join public.leads l on l.id = p.lead_id
      join public.leads h on h.id = coalesce(l.merged_into, l.id)
      left join private.refused_phones r on r.lead_phone_id = p.id
      where l.org_id = ${org.id}
        and (r.reason is distinct from h.refusal or r.e164 <> p.e164)`;
    expect([n, wrong]).toEqual([n, []]);
  }
});
