// Two people import overlapping files at once, by any strategies: no owner becomes two leads, and no import waits for ever.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, afterEach, beforeAll, expect, inject, it } from "vitest";
import { addImport, applyChunk, chunkRow, readImport, undoChunk } from "../fixtures/apply-import.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { openSession, type Session } from "../fixtures/open-session.ts";
import { seededRandom } from "../fixtures/seeded-random.ts";

const stack = inject("stack");
const random = seededRandom("import locks");
const STRATEGIES = ["skip", "update", "fill", "add_phones"] as const;
let org: TestOrg;
let first: Session;
let second: Session;
let holder: Session;
let other: Session;
let next = 0;
const phone = () => fictionalPhoneAt(next++);

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  [first, second] = (await Promise.all([1, 2].map(() => openSession(stack.WORKER_SESSION_URL, org.sql)))) as [
    Session,
    Session,
  ];
  [holder, other] = (await Promise.all([1, 2].map(() => openSession(stack.ADMIN_DB_URL, org.sql)))) as [
    Session,
    Session,
  ];
});
afterEach(() => Promise.all([first, second, holder, other].map((session) => session.rollback())));
afterAll(async () => {
  await Promise.all([first, second, holder, other].map((session) => session?.end()));
  await org.close();
});

/** Every phone with the leads that have it. */
const leadsByPhone = async (phones: string[]) => {
  const rows = await org.sql`
    select p.e164, count(*)::int as n from public.lead_phones p join public.leads l on l.id = p.lead_id
    where p.org_id = ${org.id} and p.e164 = any (${phones}) and l.deleted_at is null group by 1`;
  return Object.fromEntries(rows.map((row) => [row.e164, row.n]));
};
async function addLead(phones: string[]): Promise<string> {
  const id = await addImport(org);
  await applyChunk(org.sql, id, 0, [chunkRow(2, phones)]);
  return (await org.sql`select id from public.leads where import_id = ${id}`)[0]?.id;
}

it.each(STRATEGIES.flatMap((one) => STRATEGIES.map((two) => [one, two] as const)))(
  "%s before %s: the second waits for the first and then sees what it made",
  async (one, two) => {
    const [a, b, c, d] = [phone(), phone(), phone(), phone()];
    const [idOne, idTwo] = [
      await addImport(org, { merge_strategy: one }),
      await addImport(org, { merge_strategy: two }),
    ];
    await first.begin();
    await applyChunk(first.sql, idOne, 0, [chunkRow(2, [a, b])]);
    const waiting = applyChunk(second.sql, idTwo, 0, [chunkRow(2, [d]), chunkRow(3, [c, b])]);
    await second.blocked(first);
    await first.commit();
    expect((await waiting).applied).toBe(true);
    expect(await readImport(org, idOne)).toMatchObject({ imported_rows: 1 });
    expect(await readImport(org, idTwo)).toMatchObject(
      two === "skip" ? { imported_rows: 1, duplicate_rows: 1 } : { imported_rows: 1, updated_rows: 1 },
    );
    expect(await leadsByPhone([a, b, c, d])).toEqual({
      [a]: 1,
      [b]: 1,
      ...(two !== "skip" && { [c]: 1 }),
      [d]: 1,
    });
  },
);

it("releases its locks and takes them again if a lead got another phone meanwhile", async () => {
  const [a, b] = [phone(), phone()];
  const lead = await addLead([a]);
  const id = await addImport(org, { merge_strategy: "update" });
  await holder.begin();
  await holder.sql`select private.lock_contacts(${org.id}, ${[a]})`;
  await holder.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead}, ${b}, 'secondary')`;
  // The other phone is locked: the chunk waits for it once it has read it.
  await other.begin();
  await other.sql`select private.lock_contacts(${org.id}, ${[b]})`;
  const applying = applyChunk(first.sql, id, 0, [chunkRow(2, [a], { lead: { consent_status: "denied" } })]);
  await first.blocked(holder);
  await holder.commit();
  await first.blocked(other);
  await other.commit();
  expect((await applying).applied).toBe(true);
  const phones =
    await org.sql`select e164, consent_status from public.lead_phones where lead_id = ${lead} order by role`;
  expect(phones.map((row) => row.consent_status)).toEqual(["denied", "denied"]);
});

it("locks every phone of a lead before it changes one", async () => {
  const [a, b] = [phone(), phone()];
  await addLead([a, b]);
  const id = await addImport(org, { merge_strategy: "fill" });
  await holder.begin();
  await holder.sql`select 1 from private.contacts where org_id = ${org.id} and e164 = ${b} for update`;
  const applying = applyChunk(first.sql, id, 0, [chunkRow(2, [a])]);
  await first.blocked(holder);
  await holder.rollback();
  expect((await applying).applied).toBe(true);
});

it("does not pause an import that the chunk in flight completes: the answer waits for the chunk and says so", async () => {
  const id = await addImport(org);
  await first.begin();
  await applyChunk(first.sql, id, 0, [chunkRow(2, [phone()])]);
  const pausing = org.admin.client.rpc("pause_import", { p_import_id: id }).then(({ error }) => error);
  await waitFor(
    async () =>
      (await org.sql`select 1 from pg_stat_activity where ${first.pid} = any (pg_blocking_pids(pid))`)
        .length > 0,
  );
  await first.commit();
  expect(await pausing).toMatchObject({
    code: "PT409",
    message: "The import is completed: it can't be paused.",
  });
});

it("races without a deadlock or a second lead, with people who edit and an undo between", async () => {
  const phones = Array.from({ length: 60 }, phone);
  const rows = () =>
    Array.from({ length: 30 }, (_, i) => {
      const mine = new Set(Array.from({ length: 1 + random.below(3) }, () => random.pick(phones)));
      return chunkRow(i + 2, [...mine], { parcel: { apn: String(random.below(4)) } });
    });
  let done = false;
  const imports: string[] = [];
  const person = async () => {
    while (!done) {
      const [lead] = await org.sql`
        select l.id from public.leads l where l.org_id = ${org.id} and deleted_at is null order by md5(l.id::text || ${random.below(1e9)}) limit 1`;
      if (!lead) continue;
      const { error } = await org.admin.client.rpc("update_lead", {
        p_lead_id: lead.id,
        p_changes: { notes: `n${random.below(9)}` },
      });
      if (error) expect(error.code).toBe("PT404");
    }
  };
  const importer = async (session: Session) => {
    for (let i = 0; i < 12; i++) {
      const id = await addImport(org, { merge_strategy: random.pick(STRATEGIES) });
      expect((await applyChunk(session.sql, id, 0, rows())).applied).toBe(true);
      imports.push(id);
    }
  };
  const undoer = async () => {
    for (let undone = 0; undone < 4 && !done; ) {
      const id = imports[undone * 3];
      if (id === undefined) {
        await org.sql`select pg_sleep(0.01)`;
        continue;
      }
      await org.sql`update public.imports set status = 'undoing', undo_total = 1000 where id = ${id}`;
      while ((await undoChunk(org, id, 7)).status === "undoing");
      undone++;
    }
  };
  const [editing, undoing] = [person(), undoer()];
  await Promise.all([importer(first), importer(second)]).finally(() => {
    done = true;
  });
  await Promise.all([editing, undoing]);
  const twice = Object.entries(await leadsByPhone(phones)).filter(([, n]) => Number(n) > 1);
  expect(twice).toEqual([]);
  const homeless = await org.sql`
    select l.id from public.leads l where l.org_id = ${org.id} and not exists (select from public.lead_phones p where p.lead_id = l.id and role = 'primary')`;
  expect(homeless).toEqual([]);
});
