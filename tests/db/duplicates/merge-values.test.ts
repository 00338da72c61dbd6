// The result of a merge for fields, phones, parcels and consent of leads, and that nothing is lost.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ArrangedOrg, arrangeOrg, phoneAt, signedIn } from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

let db: BareDatabase;
let org: ArrangedOrg;
let user: Session;
let phones = 0;
const phone = () => phoneAt(phones++);
beforeAll(async () => {
  db = await startBareDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await user?.end();
  org = await arrangeOrg(db);
  user = await signedIn(db, org.adminId);
});

let age = 0;
/** Each lead is newer than the one before. @param e164s its primary, secondary and alternate phone */
async function addLead(fields: Record<string, unknown> = {}, e164s = [phone()]): Promise<string> {
  const created_at = new Date(Date.UTC(2026, 0, 1, 0, age++));
  return await db.sql.begin(async (tx) => {
    const [lead] =
      await tx`insert into public.leads ${tx({ org_id: org.id, created_at, ...fields })} returning id`;
    const roles = ["primary", "secondary", "alternate"];
    const rows = e164s.map((e164, i) => ({ org_id: org.id, lead_id: lead?.id, e164, role: roles[i] }));
    await tx`insert into public.lead_phones ${tx(rows)}`;
    return lead?.id;
  });
}

async function merge(keep: string, others: string[], prefer: Record<string, string> = {}, dryRun = false) {
  const [row] = await user.sql`
    select public.merge_leads(${keep}, ${others}, ${user.sql.json(prefer)}, ${dryRun}) as done`;
  return row?.done;
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    ({ code, hint, detail }) => ({ code, hint, details: JSON.parse(detail) }),
  );

describe("fields", () => {
  it("blank ones are filled from the oldest other lead, and a name or an address only from one that contradicts none of it", async () => {
    const keep = await addLead({ first_name: "Rosa", address1: "1 Elm St", county: "Travis" });
    const pedro = await addLead({
      first_name: "Pedro",
      last_name: "Gil",
      address1: "9 Oak Rd",
      city: "Waco",
      email: "old@example.com",
    });
    const rosa = await addLead({
      first_name: "ROSA",
      last_name: "Mora",
      address1: "1 elm st",
      city: "Austin",
      email: "new@example.com",
    });
    const done = await merge(keep, [rosa, pedro]);
    expect(done.lead).toMatchObject({
      id: keep,
      first_name: "Rosa",
      last_name: "Mora",
      address1: "1 Elm St",
      city: "Austin",
      email: "old@example.com",
      county: "Travis",
    });
    expect(done.fields).toMatchObject({
      last_name: { value: "Mora", from: rosa, because: "blank_filled" },
      email: { value: "old@example.com", from: pedro, because: "blank_filled" },
    });
    expect(done.not_taken).toEqual(
      expect.arrayContaining([
        { field: "city", lead_id: pedro, value: "Waco" },
        { field: "email", lead_id: rosa, value: "new@example.com" },
      ]),
    );
  });

  it("those preferred are taken from the lead that was named", async () => {
    const keep = await addLead({ first_name: "Rosa", email: "a@example.com", status: "contacted" });
    const other = await addLead({
      first_name: "Rose",
      email: "b@example.com",
      status: "new",
      lead_score: "cold",
    });
    const { lead, fields } = await merge(keep, [other], { email: other, status: other });
    expect(lead).toMatchObject({ first_name: "Rosa", email: "b@example.com", status: "new" });
    expect(fields.status).toEqual({ value: "new", from: other, because: "preferred" });
  });

  it.each([
    [["new", "interested", "not_interested"], "interested"],
    [["interested", "do_not_contact"], "do_not_contact"],
    [["contacted", "not_interested"], "not_interested"],
    [["new", "contacted"], "contacted"],
    [["interested", "qualified", "not_interested"], "qualified"],
    [["appointment", "qualified"], "appointment"],
    [["contract", "appointment", "lost"], "contract"],
    [["contract", "closed"], "closed"],
    [["lost", "interested"], "lost"],
    [["lost", "qualified"], "qualified"],
    [["closed", "do_not_contact"], "do_not_contact"],
  ])("of the statuses %j %s stays, and the hottest score", async (statuses, expected) => {
    const scores = ["cold", "hot", "warm"];
    const ids: string[] = [];
    for (const [i, status] of statuses.entries()) ids.push(await addLead({ status, lead_score: scores[i] }));
    const [keep, ...others] = ids as [string];
    expect((await merge(keep, others)).lead).toMatchObject({ status: expected, lead_score: "hot" });
  });

  it("do_not_contact outranks a preference for another status", async () => {
    const keep = await addLead({ status: "interested" });
    const other = await addLead({ status: "do_not_contact" });
    const { lead, fields } = await merge(keep, [other], { status: keep });
    expect(lead.status).toBe("do_not_contact");
    expect(fields.status).toEqual({ value: "do_not_contact", from: other, because: "heaviest" });
  });

  it("tags, notes and custom fields are united; what does not fit goes into custom fields and is named", async () => {
    const tags = (from: number, n: number) => Array.from({ length: n }, (_, i) => `T${from + i}`);
    const keep = await addLead({
      tags: tags(0, 30),
      notes: "n".repeat(9_000),
      custom_fields: { lot: 1, blank: "" },
    });
    const a = await addLead({
      tags: tags(20, 40),
      notes: "m".repeat(2_000),
      custom_fields: { lot: 2, blank: "x", heir: "Ana" },
    });
    const b = await addLead({ notes: "Calls back.", custom_fields: { heir: "Eva", other_tags: "mine" } });
    const done = await merge(keep, [a, b]);
    expect(done.lead.tags).toEqual(tags(0, 50));
    expect(done.lead.notes).toBe(`${"n".repeat(9_000)}\n\nCalls back.`);
    expect(done.lead.custom_fields).toEqual({
      lot: 1,
      blank: "x",
      heir: "Ana",
      other_tags: "mine",
      other_tags_2: tags(50, 10).join(", "),
      other_notes: "m".repeat(2_000),
    });
    expect(done.left_over).toEqual({ tags: tags(50, 10), notes: 1 });
    expect(done.tags_added).toEqual(tags(30, 20));
  });
});

describe("phones", () => {
  it("the kept lead's keep their roles, others take the free roles, valid ones first, and the rest is kept in custom fields", async () => {
    const [a, b, c, d, e] = [phone(), phone(), phone(), phone(), phone()];
    const keep = await addLead({}, [a]);
    const one = await addLead({}, [b, a, c]);
    const two = await addLead({}, [d, e]);
    await db.sql`update public.lead_phones set is_valid = false, invalid_reason = 'wrong_number' where lead_id = ${one} and e164 = ${b}`;
    await db.sql`update public.lead_phones set line_type = 'mobile', is_valid = false, invalid_reason = 'landline' where lead_id = ${one} and e164 = ${a}`;
    const done = await merge(keep, [one, two]);
    expect(done.lead).toMatchObject({ primary_phone: a, secondary_phone: c, alternate_phone: d });
    expect(done.lead.custom_fields).toEqual({ other_phones: `${e}, ${b}` });
    expect(done.left_over).toEqual({ phones: [e, b] });
    // Data about a phone is kept in the kept lead too.
    expect(done.lead.phones[0]).toMatchObject({
      e164: a,
      line_type: "mobile",
      is_valid: false,
      invalid_reason: "landline",
    });
    const [row] = await db.sql`select phone_digits from public.leads where id = ${keep}`;
    expect(row?.phone_digits.split(" ").sort()).toEqual([a, c, d].map((e164) => e164.slice(2)).sort());
    const left =
      await db.sql`select e164 from public.lead_phones where lead_id = any (${[one, two]}) order by 1`;
    expect(left.map(({ e164 }) => e164)).toEqual([a, b, e].sort());
  });

  const consentOf = async (ids: string[]) => {
    const rows =
      await db.sql`select e164, consent_status from public.lead_phones where lead_id = any (${ids})`;
    return Object.fromEntries(rows.map((row) => [row.e164, row.consent_status]));
  };

  it("a yes counts only for the phone it was given for, and a no for one phone only for that phone", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const keep = await addLead({}, [a]);
    const granted = await addLead({ consent_status: "granted" }, [b]);
    const stopped = await addLead({}, [c]);
    await db.sql`update public.lead_phones set consent_status = 'denied' where lead_id = ${stopped}`;
    const { lead } = await merge(keep, [granted, stopped]);
    expect(lead.consent_status).toBe("unknown");
    expect(await consentOf([keep])).toEqual({ [a]: "unknown", [b]: "granted", [c]: "denied" });
  });

  it("the strictest consent of a phone counts", async () => {
    const [a, b] = [phone(), phone()];
    const keep = await addLead({}, [a, b]);
    const one = await addLead({}, [a]);
    const two = await addLead({}, [b]);
    await db.sql`update public.lead_phones set consent_status = 'granted' where lead_id in (${keep}, ${two})`;
    await db.sql`update public.lead_phones set consent_status = 'denied' where lead_id = ${one}`;
    expect((await merge(keep, [one, two])).lead.consent_status).toBe("unknown");
    expect(await consentOf([keep])).toEqual({ [a]: "denied", [b]: "granted" });
  });

  it("a no for a lead is a no of the person: every phone is denied, with a record", async () => {
    const [a, b] = [phone(), phone()];
    const keep = await addLead({ consent_status: "granted" }, [a]);
    const denied = await addLead({ consent_status: "denied" }, [b]);
    await db.sql`update public.lead_phones set consent_status = 'denied' where lead_id = ${denied}`;
    expect((await merge(keep, [denied])).lead.consent_status).toBe("denied");
    expect(await consentOf([keep])).toEqual({ [a]: "denied", [b]: "denied" });
    const records =
      await db.sql`select e164, lead_id, status, evidence from public.consent_records where org_id = ${org.id}`;
    expect(records).toEqual([
      { e164: a, lead_id: keep, status: "revoked", evidence: expect.stringContaining(denied) },
    ]);
  });
});

it("parcels move, and the same one is not doubled but filled", async () => {
  const add = (lead_id: string, parcel: Record<string, unknown>) =>
    db.sql`insert into public.lead_properties ${db.sql({ org_id: org.id, lead_id, ...parcel })}`;
  const [keep, one, two] = [await addLead(), await addLead(), await addLead()];
  await add(keep, { apn: "12-34", county: "Travis", state: "TX" });
  await add(one, { apn: "1234", county: "TRAVIS", acreage: 5 });
  await add(one, { apn: "1234", county: "Bexar", state: "TX" });
  await add(two, { apn: "1234", county: "Bexar", situs: "Ranch Rd" });
  await add(two, { situs: "No APN", acreage: 2 });
  const done = await merge(keep, [one, two]);
  expect(done.properties).toEqual({ moved: 2, united: 2, left: 0 });
  const parcels = done.lead.properties.map(({ apn, county, acreage, situs }: Record<string, unknown>) => ({
    apn,
    county,
    acreage,
    situs,
  }));
  expect(parcels).toHaveLength(3);
  expect(parcels).toEqual(
    expect.arrayContaining([
      { apn: "12-34", county: "Travis", acreage: 5, situs: null },
      { apn: "1234", county: "Bexar", acreage: null, situs: "Ranch Rd" },
      { apn: null, county: null, acreage: 2, situs: "No APN" },
    ]),
  );
});

describe("the merged leads", () => {
  it("are not found any more, and name the lead they were merged into, also after a second merge", async () => {
    const [a, b, c] = [await addLead(), await addLead(), await addLead()];
    await merge(b, [a]);
    await merge(c, [b]);
    for (const id of [a, b]) {
      expect(await refusal(user.sql`select public.get_lead(${id})`)).toEqual({
        code: "PT404",
        hint: "not_found",
        details: { merged_into: c },
      });
      expect(await refusal(merge(id, [c]))).toMatchObject({ code: "PT404", details: { merged_into: c } });
      expect(await refusal(merge(c, [id]))).toMatchObject({ code: "PT404", details: { merged_into: c } });
    }
  });

  it("are kept as they were in an audit event", async () => {
    const keep = await addLead({ first_name: "Rosa", email: "a@example.com" });
    const other = await addLead({ first_name: "Rose", notes: "Heir." });
    await merge(keep, [other]);
    const [event] =
      await db.sql`select * from public.audit_events where event_type = 'leads_merged' and lead_id = ${keep}`;
    expect(event).toMatchObject({ user_id: org.adminId, details: { merged: [other] } });
    expect(event?.details.before).toMatchObject([
      { id: keep, first_name: "Rosa", email: "a@example.com" },
      { id: other, first_name: "Rose", notes: "Heir." },
    ]);
  });
});

it("a preview answers the same and writes nothing", async () => {
  const keep = await addLead({ first_name: "Rosa", consent_status: "denied" });
  const other = await addLead({ last_name: "Mora", tags: ["VIP"], status: "interested" });
  const everything = async () => {
    const [row] = await db.sql`
      select jsonb_build_array(
        (select jsonb_agg(to_jsonb(l) order by l.id) from public.leads l where l.org_id = ${org.id}),
        (select jsonb_agg(to_jsonb(p) order by p.id) from public.lead_phones p where p.org_id = ${org.id}),
        (select jsonb_agg(to_jsonb(e)) from public.audit_events e where e.org_id = ${org.id}),
        (select jsonb_agg(to_jsonb(r)) from public.consent_records r where r.org_id = ${org.id})) as all`;
    return row?.all;
  };
  const before = await everything();
  const preview = await merge(keep, [other], {}, true);
  expect(await everything()).toEqual(before);
  const done = await merge(keep, [other]);
  const without = ({ lead, dry_run, ...rest }: Record<string, unknown>) => rest;
  expect(without(preview)).toEqual(without(done));
  expect([preview.dry_run, done.dry_run]).toEqual([true, false]);
  expect({ ...preview.lead, updated_at: 0 }).toEqual({ ...done.lead, updated_at: 0 });
});

describe("is refused", () => {
  it("for leads that are not the organisation's, or not there", async () => {
    const keep = await addLead();
    const theirs = await arrangeOrg(db);
    const [other] =
      await db.sql`insert into public.leads (org_id, deleted_at) values (${theirs.id}, now()) returning id`;
    expect(await refusal(merge(keep, [other?.id]))).toEqual({
      code: "PT404",
      hint: "not_found",
      details: {},
    });
    expect(await refusal(merge(other?.id, [keep]))).toMatchObject({ code: "PT404" });
  });

  it.each([
    ["itself", (keep: string, _: string) => ({ others: [keep] })],
    ["nobody", () => ({ others: [] })],
    [
      "more than 20",
      (_: string, other: string) => ({
        others: Array.from({ length: 21 }, (_, i) => other.slice(0, -2) + (10 + i)),
      }),
    ],
    [
      "a preference for a lead that is not among them",
      (_: string, other: string) => ({ others: [other], prefer: { email: org.id } }),
    ],
    [
      "a preference of a field that is none",
      (keep: string, other: string) => ({ others: [other], prefer: { consent_status: keep } }),
    ],
  ])("with %s", async (_, given) => {
    const [keep, other] = [await addLead(), await addLead()];
    const { others, prefer = {} } = given(keep, other) as {
      others: string[];
      prefer?: Record<string, string>;
    };
    expect(await refusal(merge(keep, others, prefer))).toMatchObject({
      code: "PT422",
      hint: "invalid_input",
    });
  });
});
