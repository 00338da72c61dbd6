// Which leads are suggested to be one owner, and why; which are not; and that suggestions follow changes of the leads.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
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

type Fields = Record<string, string | null>;
async function addLead(fields: Fields = {}, e164s = [phone()]): Promise<string> {
  return await db.sql.begin(async (tx) => {
    const [lead] = await tx`insert into public.leads ${tx({ org_id: org.id, ...fields })} returning id`;
    const roles = ["primary", "secondary", "alternate"];
    await tx`insert into public.lead_phones ${tx(e164s.map((e164, i) => ({ org_id: org.id, lead_id: lead?.id, e164, role: roles[i] })))}`;
    return lead?.id;
  });
}
/** Runs the job as cron does. */
async function match() {
  for (;;) {
    const [row] = await db.sql`select private.match_leads() as n`;
    if (row?.n === 0) return;
  }
}

interface Group {
  leads: { id: string }[];
  links: { lead_ids: string[]; reason: string; phone?: string; confidence: string }[];
  confidence: string;
}
interface Page {
  groups: Group[];
  total: number;
  total_is_estimate: boolean;
  next: { rank: number; id: string } | null;
}
async function list(
  args: { reason?: string; limit?: number; offset?: number; after?: Page["next"] } = {},
): Promise<Page> {
  const { reason = null, limit = 50, offset = 0, after = null } = args;
  const [row] = await user.sql`
    select public.list_duplicates(${reason}, ${limit}, ${offset}, ${after?.rank ?? null}, ${after?.id ?? null}) as page`;
  return row?.page;
}
const idsOf = (group: Group | undefined) => group?.leads.map(({ id }) => id).sort();
const sets = (groups: Group[]) => groups.map((group) => idsOf(group)?.join()).sort();
/** The groups there are now, as sets of ids. */
async function groups(...expected: string[][]) {
  await match();
  expect(sets((await list()).groups)).toEqual(expected.map((ids) => [...ids].sort().join()).sort());
}

const ELM = { address1: "12 Elm Street", city: "Austin", state: "TX", postal_code: "78701" };

describe("one owner by name and mailing address", () => {
  it.each<[string, Fields, Fields]>([
    [
      "order and accents",
      { first_name: "María", last_name: "García" },
      { first_name: "GARCIA", last_name: "MARIA" },
    ],
    [
      "an initial for a name",
      { first_name: "M", last_name: "Garcia" },
      { first_name: "Maria", last_name: "Garcia" },
    ],
    [
      "a middle initial",
      { first_name: "Maria L.", last_name: "Garcia" },
      { first_name: "Maria", last_name: "Garcia" },
    ],
    [
      "a company's form",
      { first_name: null, last_name: "Llano Land, L.L.C." },
      { first_name: null, last_name: "LLANO LAND INC" },
    ],
    [
      "an apostrophe",
      { first_name: "Pat", last_name: "O'Brien" },
      { first_name: "PAT", last_name: "OBRIEN" },
    ],
    ["St for Street", { address1: "12 Elm St." }, { address1: "12 ELM STREET" }],
    [
      "Road, North and Apt",
      { address1: "9 North Oak Road", address2: "Apt. 4" },
      { address1: "9 N Oak Rd #4" },
    ],
    ["a post-office box", { address1: "P.O. Box 77" }, { address1: "PO BOX 77" }],
    ["ZIP+4", { postal_code: "78701-1234" }, { postal_code: "78701" }],
    ["no ZIP, but the same city", { postal_code: null }, { postal_code: null, city: "AUSTIN" }],
  ])("may be written otherwise: %s", async (_, one, other) => {
    const name = { first_name: "Maria", last_name: "Garcia" };
    const a = await addLead({ ...name, ...ELM, ...one });
    const b = await addLead({ ...name, ...ELM, ...other });
    await groups([a, b]);
    const [group] = (await list()).groups;
    expect(group).toMatchObject({
      confidence: "likely",
      links: [{ lead_ids: [a, b].sort(), reason: "owner", confidence: "likely" }],
    });
  });

  it.each<[string, Fields, Fields]>([
    ["spouses", { first_name: "Maria", last_name: "Garcia" }, { first_name: "Juan", last_name: "Garcia" }],
    [
      "names with the same initial",
      { first_name: "Maria", last_name: "Garcia" },
      { first_name: "Mario", last_name: "Garcia" },
    ],
    [
      "another initial",
      { first_name: "J", last_name: "Garcia" },
      { first_name: "Maria", last_name: "Garcia" },
    ],
    [
      "a father and his son",
      { first_name: "John", last_name: "Ray" },
      { first_name: "John", last_name: "Ray Jr" },
    ],
    ["another house", { address1: "12 Elm St" }, { address1: "14 Elm St" }],
    ["another apartment", { address2: "Apt 1" }, { address2: "Apt 2" }],
    ["another ZIP", { postal_code: "78701" }, { postal_code: "78702" }],
    ["no address", { address1: null }, { address1: null }],
    ["no name", { first_name: null, last_name: null }, { first_name: null, last_name: null }],
    ["an initial somewhere else", { first_name: "M", address1: "1 Oak Rd" }, { first_name: "Maria" }],
  ])("is not: %s", async (_, one, other) => {
    const name = { first_name: "Maria", last_name: "Garcia" };
    await addLead({ ...name, ...ELM, ...one });
    await addLead({ ...name, ...ELM, ...other });
    await groups();
  });
});

describe("one owner by phone", () => {
  it("in any role, certain, with the phone", async () => {
    const shared = phone();
    const a = await addLead({ first_name: "Maria" }, [phone(), phone(), shared]);
    const b = await addLead({ first_name: "Juan" }, [shared]);
    await addLead({ first_name: "Maria" });
    await groups([a, b]);
    const [group] = (await list()).groups;
    expect(group?.confidence).toBe("certain");
    expect(group?.links).toEqual([
      { lead_ids: [a, b].sort(), reason: "phone", phone: shared, confidence: "certain" },
    ]);
  });

  it("is not another organisation's lead", async () => {
    const shared = phone();
    await addLead({}, [shared]);
    org = await arrangeOrg(db);
    await user.end();
    user = await signedIn(db, org.adminId);
    await addLead({}, [shared]);
    await groups();
  });
});

it("linked leads are one group, for any mix of reasons, and can be listed by one reason", async () => {
  const shared = phone();
  const maria = { first_name: "Maria", last_name: "Garcia", ...ELM };
  const a = await addLead(maria);
  const b = await addLead({ ...maria, first_name: "M" }, [shared]);
  const c = await addLead({ first_name: "Ana" }, [shared]);
  await groups([a, b, c]);
  const [group] = (await list()).groups;
  expect(group?.links.map(({ reason }) => reason)).toEqual(["phone", "owner"]);
  expect(sets((await list({ reason: "phone" })).groups)).toEqual([[b, c].sort().join()]);
  expect(sets((await list({ reason: "owner" })).groups)).toEqual([[a, b].sort().join()]);
  const [row] = await user.sql`select public.lead_duplicates(${c}) as found`;
  expect(row?.found.leads[0].id).toBe(c);
  expect(idsOf(row?.found)).toEqual([a, b, c].sort());
});

describe("follows changes of leads:", () => {
  const maria = { first_name: "Maria", last_name: "Garcia", ...ELM };

  it("a change of name, address or phone", async () => {
    const [a, b] = [await addLead(maria), await addLead({ ...maria, first_name: "Juan" })];
    await groups();
    await user.sql`select public.update_lead(${b}, '{"first_name": "MARIA"}')`;
    await groups([a, b]);
    await user.sql`select public.update_lead(${b}, '{"address1": "9 Oak Rd"}')`;
    await groups();
    const [{ e164 } = {}] = await db.sql`select e164 from public.lead_phones where lead_id = ${a}`;
    await user.sql`select public.update_lead(${b}, ${user.sql.json({ secondary_phone: e164 })}, true)`;
    await groups([a, b]);
  });

  it("a deletion and a restoration", async () => {
    const [a, b] = [await addLead(maria), await addLead(maria)];
    await groups([a, b]);
    await user.sql`select public.delete_lead(${a})`;
    expect((await list()).groups).toEqual([]);
    await groups();
    expect(await db.sql`select 1 from private.duplicate_leads where org_id = ${org.id}`).toEqual([]);
    await db.sql`update public.leads set deleted_at = null where id = ${a}`;
    await groups([a, b]);
    await db.sql`delete from public.leads where id = ${a}`;
    await groups();
    await match();
    for (const table of ["lead_match_keys", "duplicate_leads"])
      expect(
        await db.sql`select lead_id from ${db.sql(`private.${table}`)} where org_id = ${org.id} and lead_id = ${a}`,
      ).toEqual([]);
  });

  it("a merge", async () => {
    const [a, b, c] = [await addLead(maria), await addLead(maria), await addLead(maria)];
    await groups([a, b, c]);
    await user.sql`select public.merge_leads(${a}, ${[b]})`;
    await groups([a, c]);
  });

  it("leads written at the same moment, whichever was committed first", async () => {
    const [one, two] = [await db.admin(), await db.admin()];
    const insert = (session: Session, e164: string) => session.sql`
      with lead as (
        insert into public.leads ${session.sql({ org_id: org.id, ...maria })} returning id
      )
      insert into public.lead_phones (org_id, lead_id, e164, role) select ${org.id}, id, ${e164}, 'primary' from lead returning lead_id`;
    await Promise.all([one.begin(), two.begin()]);
    const [[a], [b]] = [await insert(one, phone()), await insert(two, phone())];
    await two.commit();
    await match();
    await one.commit();
    await groups([a?.lead_id, b?.lead_id]);
    await Promise.all([one.end(), two.end()]);
  });
});

describe("pairs that were dismissed", () => {
  const maria = { first_name: "Maria", last_name: "Garcia", ...ELM };
  const dismiss = async (...ids: string[]) => {
    const [row] = await user.sql`select public.dismiss_duplicates(${ids}) as n`;
    return row?.n;
  };

  it("are not suggested again for any reason, except through a third lead", async () => {
    const shared = phone();
    const [a, b] = [await addLead(maria, [shared]), await addLead(maria, [shared])];
    await groups([a, b]);
    expect(await dismiss(a, b)).toBe(1);
    expect(await dismiss(b, a)).toBe(0);
    await groups();
    const c = await addLead(maria);
    await groups([a, b, c]);
    expect((await list()).groups[0]?.links).toHaveLength(2);
    expect(await dismiss(a, b, c)).toBe(2);
    await groups();
  });

  it("stay dismissed with the lead that one of them was merged into", async () => {
    const [a, b, keep] = [await addLead(maria), await addLead(maria), await addLead(maria)];
    await dismiss(a, b);
    await user.sql`select public.merge_leads(${keep}, ${[b]})`;
    await groups();
  });

  it("must be 2 to 20 leads of the caller's own organisation", async () => {
    const a = await addLead();
    const foreign = await arrangeOrg(db);
    const [b] = await arrangeLeads(db, foreign.id, 1);
    await expect(dismiss(a, b?.id as string)).rejects.toMatchObject({ code: "PT404" });
    await expect(dismiss(a, a)).rejects.toMatchObject({ code: "PT422" });
  });
});

it("pages through all groups, those by phone first, once each, by cursor and by page", async () => {
  const expected: string[] = [];
  for (let i = 0; i < 7; i++) {
    const shared = phone();
    expected.push([await addLead({}, [shared]), await addLead({}, [shared])].sort().join());
    const owner = { first_name: "Maria", last_name: `Garcia ${"abcdefg"[i]}x`, ...ELM };
    expected.push([await addLead(owner), await addLead(owner), await addLead(owner)].sort().join());
  }
  await match();
  const byCursor: Group[] = [];
  let after: Page["next"] = null;
  do {
    const page: Page = await list({ limit: 4, after });
    byCursor.push(...page.groups);
    after = page.next;
  } while (after);
  expect(sets(byCursor)).toEqual([...expected].sort());
  expect(byCursor.map(({ confidence }) => confidence)).toEqual([
    ...Array(7).fill("certain"),
    ...Array(7).fill("likely"),
  ]);
  const byPage: Group[] = [];
  for (let offset = 0; offset < 16; offset += 4) byPage.push(...(await list({ limit: 4, offset })).groups);
  expect(byPage.map(idsOf)).toEqual(byCursor.map(idsOf));
  expect(await list({ limit: 20 })).toMatchObject({ total: 14, total_is_estimate: false, next: null });
  expect(await list({ limit: 4 })).toMatchObject({ total_is_estimate: true });
});
