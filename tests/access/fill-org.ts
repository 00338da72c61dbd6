// Puts a row into every table of an organisation, by the recipes.
import { randomBytes, randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { clientWith } from "./clients.ts";
import { ROWS, type Row, type RowsSoFar } from "./rows.ts";

export interface Side extends RowsSoFar {
  id: string;
  /** A row for a table by its recipe, not in the database, with a phone of its own. */
  fresh(table: string): Row;
  /** A new list of leads. @returns its id */
  addSegment(): Promise<string>;
  addBlueprint(): Promise<string>;
  /** A new draft with an A/B test. @returns the campaign's id */
  addAbTest(): Promise<string>;
  /** A new template. @returns its id */
  addTemplate(): Promise<string>;
  /** A new test phone, not confirmed, whose code is 123456. */
  addTestPhone(): Promise<{ id: string; e164: string }>;
  /** A new parcel of its lead. @returns its id */
  addParcel(): Promise<string>;
  /** A new service, with the lane that goes with it. @returns its id */
  addService(): Promise<string>;
  /** A new lead with a phone nobody else has. @param fields of public.leads */
  addLead(fields?: Row): Promise<{ id: string; e164: string }>;
  /** Stores a file as one that waits to be imported. @returns the import's id */
  storeFile(): Promise<string>;
  /** A new conversation in which the person has written. @returns its id */
  addConversation(): Promise<string>;
  /** A new answer that waits for its time. @returns its id */
  addScheduled(): Promise<string>;
  addLabel(): Promise<string>;
  /** A new note of nobody. @returns its id */
  addNote(): Promise<string>;
  /** A new shared quick response. @returns its id */
  addQuickResponse(): Promise<string>;
  /** A finished bulk action that changed nothing. @returns its job's id */
  addBulkAction(): Promise<string>;
  /** A new viewer, who never acts. @returns their id */
  addPerson(): Promise<string>;
  /** A new invitation of an address that nobody has. */
  addInvitation(): Promise<{ id: string; token: string }>;
  /** The ids of its rows, which nobody outside may ever see. */
  secrets: string[];
}

const UUID = /^[0-9a-f]{8}-/;
let phones = 0;
/** Phones that differ within a test file. */
export const nextPhone = () => fictionalPhoneAt(phones++);

/** @param memberId a person of it, to be the row of users; @param strangerId a person of no organisation */
export async function fillOrg(
  sql: postgres.Sql,
  org: TestOrg,
  memberId: string,
  strangerId: string,
): Promise<Side> {
  const row: Record<string, Row> = {};
  const so_far = () => ({ org, strangerId, row, e164: nextPhone() });
  await sql.begin(async (tx) => {
    for (const [table, { make, given, owner = "org_id" }] of Object.entries(ROWS)) {
      const name = tx(`public.${table}`);
      // Passed in a list, because postgres.js takes an object with a list named raw, such as a rejected row, for a query.
      const [found] = !given
        ? await tx`insert into ${name} ${tx([make(so_far())])} returning *`
        : owner === null
          ? await tx`select * from ${name} limit 1`
          : await tx`select * from ${name} where ${tx(owner)} = ${org.id} and ${
              table === "users" ? tx`id = ${memberId}` : tx`true`
            } limit 1`;
      if (!found)
        throw new Error(`no row of ${table}: an organisation has none from the start, so mend its recipe`);
      row[table] = found;
    }
  });
  // Figures of these rows are folded now, so they don't change later.
  await sql`select private.fold_stats(p_org_id => ${org.id})`;
  const owned = Object.entries(ROWS).filter(([, { owner }]) => owner !== null);
  const secrets = [org.id, ...owned.map(([table]) => row[table]?.id)].filter((id) => UUID.test(id));
  const addLead = async (fields: Row = {}) => {
    const e164 = nextPhone();
    return await sql.begin(async (tx) => {
      const [lead] = await tx`insert into public.leads ${tx([{ org_id: org.id, ...fields }])} returning id`;
      await tx`insert into public.lead_phones (org_id, lead_id, e164, role)
        values (${org.id}, ${lead?.id}, ${e164}, 'primary')`;
      secrets.push(lead?.id);
      return { id: lead?.id as string, e164 };
    });
  };
  const addSegment = async () => {
    const [segment] = await sql`
      insert into public.segments (org_id, name, kind) values (${org.id}, ${randomUUID()}, 'list') returning id`;
    secrets.push(segment?.id);
    return segment?.id as string;
  };
  const addBlueprint = async () => {
    const [blueprint] = await sql`
      insert into public.campaign_blueprints (org_id, name, definition) values (${org.id}, ${randomUUID()}, '{}') returning id`;
    secrets.push(blueprint?.id);
    return blueprint?.id as string;
  };
  const addAbTest = async () => {
    const [campaign] = await sql`
      insert into public.campaigns (org_id, name) values (${org.id}, ${randomUUID()}) returning id`;
    await sql`
      insert into public.campaign_tests (org_id, campaign_id, metric, deadline)
      values (${org.id}, ${campaign?.id}, 'replied', now() + interval '30 days')`;
    secrets.push(campaign?.id);
    return campaign?.id as string;
  };
  const addTemplate = async () => {
    const [template] = await sql`
      insert into public.templates (org_id, category, language, name, content, encoding, worst_segments)
      values (${org.id}, 'custom', 'en', ${`Wall ${randomUUID()}`}, 'Hi there', 'GSM-7', 1) returning id`;
    secrets.push(template?.id);
    return template?.id as string;
  };
  const addTestPhone = async () => {
    const e164 = nextPhone();
    const id = await sql.begin(async (tx) => {
      // Without triggers: an organisation has 20 at most, and these are more.
      await tx`set local session_replication_role = replica`;
      const [phone] = await tx`
        insert into public.test_phones (org_id, e164) values (${org.id}, ${e164}) returning id`;
      await tx`insert into private.test_codes (test_phone_id, code_hash, sent_at)
        values (${phone?.id}, sha256(convert_to(${`${phone?.id}123456`}, 'utf-8')), now())`;
      return phone?.id as string;
    });
    secrets.push(id);
    return { id, e164 };
  };
  const addParcel = async () => {
    const [parcel] = await sql`insert into public.lead_properties (org_id, lead_id, apn)
      values (${org.id}, ${row.leads?.id}, ${randomUUID()}) returning id`;
    secrets.push(parcel?.id);
    return parcel?.id as string;
  };
  const addService = async () => {
    const [service] = await sql`
      insert into public.enrichment_services (org_id, kind, name, url, request, field_map)
      values (${org.id}, 'property', ${`Wall ${randomUUID()}`}, 'https://parcels.example.com', '{"apn": "{apn}"}', '{"acreage": "acres"}')
      returning id`;
    await sql`insert into private.call_lanes (org_id, queue, service_id) values (${org.id}, 'enrichments', ${service?.id})`;
    secrets.push(service?.id);
    return service?.id as string;
  };
  const storeFile = async () => {
    const id = randomUUID();
    const files = clientWith(org.stack, { key: org.stack.SECRET_KEY }).storage.from("imports");
    const { error } = await files.upload(`${org.id}/${id}.csv`, new Blob(["Phone\n"]));
    if (error) throw error;
    return id;
  };
  const addConversation = async () => {
    const e164 = nextPhone();
    const [made] = await sql`
      insert into public.conversations (org_id, e164, first_inbound_at, unread_count)
      values (${org.id}, ${e164}, now(), 1) returning id`;
    await sql`
      insert into public.messages (org_id, kind, status, conversation_id, from_number, to_number, content, classification)
      values (${org.id}, 'inbound', 'received', ${made?.id}, ${e164}, ${row.phone_numbers?.e164}, 'Hola', 'reply')`;
    secrets.push(made?.id);
    return made?.id as string;
  };
  const addScheduled = async () => {
    const [made] = await sql`
      insert into public.scheduled_texts (org_id, conversation_id, content, not_before, created_at, updated_at)
      values (${org.id}, ${row.conversations?.id}, 'Later', now() + interval '3 days', now(), now()) returning id`;
    secrets.push(made?.id);
    return made?.id as string;
  };
  const addLabel = async () => {
    const [made] = await sql`
      insert into public.labels (org_id, name, created_at, updated_at)
      values (${org.id}, ${`Wall ${randomUUID()}`}, now(), now()) returning id`;
    secrets.push(made?.id);
    return made?.id as string;
  };
  const addNote = async () => {
    const [made] = await sql`
      insert into public.conversation_notes (org_id, conversation_id, content, created_at, updated_at)
      values (${org.id}, ${row.conversations?.id}, 'Note', now(), now()) returning id`;
    secrets.push(made?.id);
    return made?.id as string;
  };
  const addQuickResponse = async () => {
    const [made] = await sql`
      insert into public.quick_responses (org_id, title, content, created_at, updated_at)
      values (${org.id}, ${`Wall ${randomUUID()}`}, 'Hi there', now(), now()) returning id`;
    secrets.push(made?.id);
    return made?.id as string;
  };
  const addBulkAction = async () => {
    const [job] = await sql`
      insert into public.jobs (org_id, kind, status, required_role, input, finished_at)
      values (${org.id}, 'lead_bulk_action', 'completed', 'operator', '{"action": "delete", "value": null}', now()) returning id`;
    secrets.push(job?.id);
    return job?.id as string;
  };
  const addPerson = async () => {
    const id = randomUUID();
    const email = `${id}@example.com`;
    await sql`insert into auth.users (id, email) values (${id}, ${email})`;
    await sql`insert into public.users (id, org_id, email) values (${id}, ${org.id}, ${email})`;
    secrets.push(id);
    return id;
  };
  const addInvitation = async () => {
    const token = randomBytes(32).toString("hex");
    const [made] = await sql`
      insert into public.invitations (org_id, email, role, invited_by, token_hash)
      values (${org.id}, ${`${randomUUID()}@example.com`}, 'viewer', ${org.admin.id}, sha256(decode(${token}, 'hex'))) returning id`;
    secrets.push(made?.id);
    return { id: made?.id as string, token };
  };
  return {
    ...so_far(),
    id: org.id,
    secrets,
    addLead,
    addSegment,
    addBlueprint,
    addAbTest,
    addTemplate,
    addTestPhone,
    addParcel,
    addService,
    storeFile,
    addConversation,
    addScheduled,
    addLabel,
    addNote,
    addQuickResponse,
    addBulkAction,
    addPerson,
    addInvitation,
    fresh: (table) => {
      const recipe = ROWS[table];
      if (!recipe) throw new Error(`no recipe for a row of ${table}: add one to tests/access/rows.ts`);
      return recipe.make(so_far());
    },
  };
}
