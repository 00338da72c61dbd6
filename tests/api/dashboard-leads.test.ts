// The existing dashboard's Leads pages: every call as its client builds it, and every field that it reads.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";
import type { TestUser } from "../fixtures/sign-up-user.ts";

const stack = inject("stack");
let org: TestOrg;
let stranger: TestOrg;
beforeAll(async () => {
  [org, stranger] = await Promise.all([
    createOrg(stack, { roles: ["viewer", "operator", "campaign_manager"] }),
    createOrg(stack),
  ]);
});
afterAll(() => Promise.all([org.close(), stranger.close()]));

type Who = "viewer" | "operator" | "campaign_manager" | "admin";
const call = (method: string, path: string, body?: unknown, who: Who = "campaign_manager") =>
  callFunction(stack, org.users[who], method, `/api/v1${path}`, body);

let phones = 0;
const newPhone = () => `(512) 555-${String(1000 + ++phones).slice(-4)}`;
/** What the page's form sends: snake_case, all texts, empty ones for what was left out. */
const formLead = (fields: Record<string, unknown> = {}) => ({
  first_name: "Ana",
  last_name: "Ruiz",
  phone1: newPhone(),
  phone2: "",
  phone3: "",
  email: "",
  address_line1: "12 Oak St",
  city: "Austin",
  state: "Texas",
  zip_code: "78701",
  county: "",
  parcel_id: "",
  property_type: "Single Family",
  acreage: 5.5,
  estimated_value: 12500,
  lead_source: "Trade Show",
  lead_score: "warm",
  status: "new",
  tags: [],
  notes: "",
  ...fields,
});
async function addLead(fields: Record<string, unknown> = {}) {
  const answer = await call("POST", "/leads", formLead(fields));
  expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  return answer.body.data as { id: string; primary_phone: string };
}

describe("writing a lead", () => {
  it("takes the form's snake_case with empty texts, and tells the lead in both spellings", async () => {
    const phone = newPhone();
    const answer = await call("POST", "/leads", formLead({ phone1: phone }), "operator");
    expect(answer.status).toBe(201);
    const e164 = `+1512555${phone.slice(-4)}`;
    const lead = {
      first_name: "Ana",
      phone1: e164,
      phone2: null,
      email: null,
      address_line1: "12 Oak St",
      state: "TX",
      zip_code: "78701",
      property_type: "Single Family",
      acreage: 5.5,
      estimated_value: 12500,
      parcel_id: null,
      lead_source: "Trade Show",
      lead_score: "warm",
      tags: ["UNTAGGED"],
      firstName: "Ana",
      lastName: "Ruiz",
      primaryPhone: e164,
      phone: e164,
      secondaryPhone: "",
      leadSource: "Trade Show",
      score: "warm",
      address: { street: "12 Oak St", city: "Austin", state: "TX", zip: "78701", county: "" },
      property: { propertyType: "Single Family", acreage: 5.5, estimatedValue: 12500, parcelId: "" },
    };
    expect(answer.body).toMatchObject({ success: true, data: lead, ...lead });
    const stored =
      await org.sql`select tags, notes, county from public.leads where id = ${answer.body.data.id}`;
    expect([...stored]).toEqual([{ tags: [], notes: null, county: null }]);
  });

  it("takes the documents' camelCase, amounts as people write them, and nested address and property", async () => {
    const answer = await call("POST", "/leads", {
      firstName: "Luz",
      lastName: "",
      primaryPhone: newPhone(),
      zipCode: "78702",
      propertyValue: "$12,500",
      acreage: "3",
      leadSource: "SMS",
      tags: ["texas", "untagged"],
      address: { street: "1 Main", city: "Waco", state: "TX" },
      property: { parcelId: "R-1" },
    });
    expect(answer.body.data).toMatchObject({
      first_name: "Luz",
      last_name: null,
      lastName: "",
      postal_code: "78702",
      city: "Waco",
      estimated_value: 12500,
      acreage: 3,
      parcel_id: "R-1",
      source: "SMS",
      tags: ["TEXAS"],
    });
  });

  it("names a wrong field as the caller called it", async () => {
    const short = await call("POST", "/leads", formLead({ phone1: "123" }));
    expect([short.status, fieldsOf(short)]).toEqual([422, ["phone1"]]);
    expect(short.body).toMatchObject({
      success: false,
      error: { type: "validation_error", code: 422, name: "invalid_input" },
      detail: short.body.error.message,
    });
    const value = await call("POST", "/leads", formLead({ estimated_value: "much" }));
    expect([value.status, fieldsOf(value)]).toEqual([422, ["estimated_value"]]);
    const unknown = await call("POST", "/leads", formLead({ shoe_size: 9 }));
    expect([unknown.status, fieldsOf(unknown)]).toEqual([422, ["shoe_size"]]);
    const taken = await addLead();
    const twice = await call(
      "POST",
      "/leads",
      formLead({ first_name: "Other", phone1: taken.primary_phone }),
    );
    expect([twice.status, twice.body.error.name]).toEqual([409, "duplicate"]);
  });

  it("changes a lead by PATCH and PUT, keeps the parcels it does not know, and lets stages of a deal in", async () => {
    const { id } = await addLead({ parcel_id: "R-7", acreage: 2 });
    const clean = await callFunction(stack, org.users.operator, "POST", `/leads/${id}/properties`, {
      apn: "R-8",
    });
    expect(clean.status).toBe(201);
    const changed = await call(
      "PATCH",
      `/leads/${id}`,
      { acreage: "", status: "qualified", email: "" },
      "operator",
    );
    expect([changed.status, changed.body.data?.status, changed.body.data?.acreage]).toEqual([
      200,
      "qualified",
      null,
    ]);
    expect(changed.body.data.properties.map(({ apn }: { apn: string }) => apn).sort()).toEqual([
      "R-7",
      "R-8",
    ]);
    const put = await call("PUT", `/leads/${id}/`, { firstName: "Eva", tags: ["UNTAGGED"] }, "operator");
    expect([put.status, put.body.first_name, put.body.tags]).toEqual([200, "Eva", ["UNTAGGED"]]);
    expect((await call("PATCH", `/leads/${id}`, { status: "" }, "operator")).status).toBe(422);
  });

  it("changes the first parcel alone, whatever others do to the lead at the same moment", async () => {
    const { id } = await addLead({ parcel_id: "R-20" });
    const clean = (method: string, path: string, body: unknown) =>
      callFunction(stack, org.users.operator, method, `/leads/${id}${path}`, body);
    const answers = await Promise.all([
      call("PUT", `/leads/${id}`, { acreage: 9 }, "operator"),
      clean("POST", "/properties", { apn: "R-21" }),
      call("PUT", `/leads/${id}`, { estimated_value: 700 }, "operator"),
      call("PUT", `/leads/${id}`, { property_type: "Condo" }, "operator"),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 200, 200]);
    const { body } = await clean("GET", "", undefined);
    expect(body.data.properties).toHaveLength(2);
    expect(body.data.properties.find(({ apn }: { apn: string }) => apn === "R-20")).toMatchObject({
      acreage: 9,
      estimated_value: 700,
      property_type: "Condo",
    });
    const wrong = await call("PUT", `/leads/${id}`, { acreage: -1 }, "operator");
    expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["acreage"]]);
  });

  it("deletes a lead; the repeat of a slow delete counts as done, and an unknown one does not", async () => {
    const { id } = await addLead();
    expect((await call("DELETE", `/leads/${id}`, undefined, "operator")).status).toBe(204);
    expect((await call("DELETE", `/leads/${id}`, undefined, "operator")).status).toBe(204);
    const unknown = await call("DELETE", `/leads/${randomUUID()}`, undefined, "operator");
    expect([unknown.status, unknown.body.detail]).toEqual([404, unknown.body.error.message]);
    const foreign = await callFunction(stack, stranger.admin, "DELETE", `/api/v1/leads/${id}`);
    expect(foreign.status).toBe(404);
  });

  it("sets the status of many, and counts those it did not find", async () => {
    const leads = [await addLead(), await addLead()];
    const body = { leadIds: [...leads.map(({ id }) => id), randomUUID()], updates: { status: "interested" } };
    const answer = await call("PUT", "/leads/bulk", body, "operator");
    expect(answer.body).toMatchObject({ success: true, success_count: 2, error_count: 1 });
    const rows =
      await org.sql`select distinct status from public.leads where id = any(${leads.map(({ id }) => id)})`;
    expect([...rows]).toEqual([{ status: "interested" }]);
    const wrong = await call("PUT", "/leads/bulk", { ...body, updates: { status: "happy" } }, "operator");
    expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["updates.status"]]);
    expect((await call("POST", "/leads/bulk-delete", { leadIds: [] })).status).toBe(405);
  });
});

describe("requests that come twice", () => {
  it("are one lead, also four at the same instant, and another person's is another", async () => {
    const body = formLead();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => call("POST", "/leads", body, "operator")),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.data.id)).size).toBe(1);
    const later = await call("POST", "/leads/", body, "operator");
    expect(later.body.data.id).toBe(answers[0]?.body.data.id);
    const colleague = await call("POST", "/leads", body, "admin");
    expect(colleague.status).toBe(409);
  });

  it("count anew after a minute", async () => {
    const body = formLead();
    const first = await call("POST", "/leads", body, "operator");
    await org.sql`update private.repeated_requests set created_at = created_at - interval '61 seconds'
      where result = ${first.body.data.id}`;
    expect((await call("POST", "/leads", body, "operator")).status).toBe(409);
  });

  it("count anew if what the first one made is gone", async () => {
    const body = formLead();
    const first = await call("POST", "/leads", body);
    await call("DELETE", `/leads/${first.body.id}`);
    const again = await call("POST", "/leads", body);
    expect([again.status, again.body.id === first.body.id]).toEqual([201, false]);
  });

  it("leave nothing behind if the first was refused", async () => {
    const taken = await addLead();
    const body = formLead({ phone1: taken.primary_phone, first_name: "Second" });
    expect((await call("POST", "/leads", body)).status).toBe(409);
    await call("DELETE", `/leads/${taken.id}`);
    expect((await call("POST", "/leads", body)).status).toBe(201);
  });

  it("can't be told apart by keys that are none", async () => {
    const { error } = await (org.users.operator as TestUser).client.rpc("create_lead", {
      p_lead: { primary_phone: "+15125550000" },
      p_repeat_key: "x".repeat(5000),
    });
    expect(error).toMatchObject({ code: "PT422" });
  });
});

describe("the list", () => {
  it("takes every filter that the page sends, and answers newest first", async () => {
    const place = `Uvalde${randomUUID().slice(0, 8)}`;
    const plain = await addLead({ city: place, lead_source: "Website", lead_score: "hot" });
    const tagged = await addLead({
      city: place,
      tags: ["TEX+1"],
      property_type: "Land",
      status: "contacted",
    });
    const list = async (query: string) => {
      const answer = await call(
        "GET",
        `/leads/?page=1&limit=25&search=${place}&${query}`,
        undefined,
        "viewer",
      );
      expect([answer.status, answer.body.error]).toEqual([200, undefined]);
      expect(answer.body.pagination).toMatchObject({ page: 1, pageSize: 25, total: answer.body.data.length });
      return answer.body.data.map(({ id }: { id: string }) => id);
    };
    expect(await list("")).toEqual([tagged.id, plain.id]);
    expect(await list("status%5B%5D=new&status%5B%5D=interested")).toEqual([plain.id]);
    expect(await list("leadSource%5B%5D=Website")).toEqual([plain.id]);
    expect(await list("propertyType[]=Land")).toEqual([tagged.id]);
    expect(await list("score[]=hot")).toEqual([plain.id]);
    expect(await list("state[]=TX&state[]=FL")).toEqual([tagged.id, plain.id]);
    expect(await list("tags[]=TEX%2B1")).toEqual([tagged.id]);
    expect(await list("tags[]=UNTAGGED")).toEqual([plain.id]);
    expect(await list("untagged=true")).toEqual([plain.id]);
    expect(await list("untagged=false&tags[]=TEX%2B1")).toEqual([tagged.id]);
    const all =
      "new contacted interested not_interested do_not_contact qualified appointment contract closed lost";
    expect(
      await list(
        all
          .split(" ")
          .map((word) => `status[]=${word}`)
          .join("&"),
      ),
    ).toEqual([tagged.id, plain.id]);
    expect(await list("tags[]=UNTAGGED&tags[]=TEX%2B1")).toEqual([tagged.id, plain.id]);
  });

  it("never stores the word for no tags, whichever way it comes", async () => {
    const { id } = await addLead();
    const bulk = { action: "add_tags", ids: [id], value: ["UNTAGGED", "REAL"] };
    expect((await callFunction(stack, org.users.operator, "POST", "/leads/bulk-actions", bulk)).status).toBe(
      200,
    );
    const made = await callFunction(stack, org.users.operator, "POST", "/leads", {
      primary_phone: newPhone(),
      tags: ["UNTAGGED"],
    });
    const rows = await org.sql`
      select tags from public.leads where id in (${id}, ${made.body.data.id}) order by cardinality(tags)`;
    expect([...rows]).toEqual([{ tags: [] }, { tags: ["REAL"] }]);
  });

  it("finds a lead by all eleven digits of its phone, and takes an empty search for none", async () => {
    const { id, primary_phone } = await addLead();
    const answer = await call("GET", `/leads/?search=${primary_phone.slice(1)}`);
    expect(answer.body.data.map((lead: { id: string }) => lead.id)).toEqual([id]);
    const all = await call("GET", "/leads/?search=");
    expect(all.body.pagination.total).toBeGreaterThan(1);
  });

  it("gives every item the camelCase names that pages read without asking", async () => {
    const e164 = `+1512555${String(9000 + ++phones).slice(-4)}`;
    await (org.users.operator as TestUser).client.rpc("create_lead", { p_lead: { primary_phone: e164 } });
    const { body } = await call("GET", "/leads/?limit=100");
    for (const lead of body.data)
      for (const name of ["firstName", "lastName", "primaryPhone", "phone", "leadSource", "score"])
        expect([lead.id, name, typeof lead[name]]).toEqual([lead.id, name, "string"]);
    expect(body.data.every(({ tags }: { tags: string[] }) => tags.length > 0)).toBe(true);
  });

  it("refuses a filter that it does not know by its name", async () => {
    const answer = await call("GET", "/leads/?shoe=9");
    expect([answer.status, fieldsOf(answer)]).toEqual([422, ["shoe"]]);
    const status = await call("GET", "/leads/?status[]=happy");
    expect(status.status).toBe(422);
  });
});

describe("an import", () => {
  const csv = (rows: string[]) => `Name,Cell\n${rows.map((name) => `${name},${newPhone()}`).join("\n")}\n`;
  const form = (file: string, fields: Record<string, string> = {}) => {
    const data = new FormData();
    data.append("file", new File([file], "owners.csv", { type: "text/csv" }));
    data.append("mappings", JSON.stringify({ Name: "firstName", Cell: "primaryPhone" }));
    data.append("bulkTags", JSON.stringify(["BULK"]));
    data.append("autoTaggingEnabled", "true");
    data.append(
      "taggingOptions",
      JSON.stringify({
        includeTimeTag: true,
        includeGeographicTag: false,
        includePropertyTag: false,
        customUploadDate: "2026-09-30T00:00:00.000Z",
      }),
    );
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    return data;
  };
  const finished = async (id: string) =>
    await waitFor(async () => {
      const { body } = await call("GET", `/leads/import/${id}`);
      return body.status === "processing" ? undefined : body;
    });

  it("takes the dialog's form, and its progress has the fields that the dialog reads", async () => {
    const answer = await call("POST", "/leads/import", form(csv(["Iris", "Omar"])));
    expect([answer.status, answer.body.error]).toEqual([201, undefined]);
    expect(answer.body.import_id).toBe(answer.body.data.import_id);
    const done = await finished(answer.body.import_id);
    expect(done).toMatchObject({
      status: "completed",
      total_rows: 2,
      processed_rows: 2,
      successful_imports: 2,
      success_count: 2,
      failed_imports: 0,
      error_count: 0,
      progress_percentage: 100,
      warning_count: 0,
      error_message: null,
    });
    const rows =
      await org.sql`select first_name, tags from public.leads where import_id = ${done.import_id} order by 1`;
    expect([...rows]).toEqual([
      { first_name: "Iris", tags: ["BULK", "SEP26"] },
      { first_name: "Omar", tags: ["BULK", "SEP26"] },
    ]);
  });

  it("that is sent again at once or a second later is the same import", async () => {
    const file = csv(["Again"]);
    const [a, b] = await Promise.all([1, 2].map(() => call("POST", "/leads/import", form(file))));
    expect([a?.status, b?.status]).toEqual([201, 201]);
    expect(b?.body.import_id).toBe(a?.body.import_id);
    const third = await call("POST", "/leads/import/", form(file));
    expect(third.body.import_id).toBe(a?.body.import_id);
    await finished(a?.body.import_id);
    const other = await call("POST", "/leads/import", form(file, { bulkTags: '["OTHER"]' }));
    expect([other.status, other.body.error?.name]).toEqual([409, "duplicate"]);
    await org.sql`update public.imports set created_at = created_at - interval '2 minutes' where id = ${a?.body.import_id}`;
    const late = await call("POST", "/leads/import", form(file));
    expect([late.status, late.body.error?.name]).toEqual([409, "duplicate"]);
  });

  it("says of the JSON that the client makes of a file what to change", async () => {
    const answer = await call("POST", "/leads/import", {
      file: {},
      mappings: "{}",
      bulkTags: "[]",
      autoTaggingEnabled: "true",
      taggingOptions: "{}",
    });
    expect([answer.status, fieldsOf(answer)]).toEqual([422, ["file"]]);
    expect(answer.body.detail).toMatch(/File can't be put into JSON.*multipart\/form-data/);
  });

  it("takes the text of the file in JSON, or as the body", async () => {
    const inJson = await call("POST", "/leads/import", {
      csv: csv(["Json"]),
      mappings: { Name: "firstName", Cell: "primaryPhone" },
    });
    expect([inJson.status, inJson.body.error]).toEqual([201, undefined]);
    expect(await finished(inJson.body.import_id)).toMatchObject({ success_count: 1 });
    const response = await fetch(`${stack.FUNCTIONS_URL}/api/v1/leads/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${org.users.campaign_manager?.token}`, "content-type": "text/csv" },
      body: csv(["Plain"]),
    });
    expect(response.status).toBe(201);
  });

  it("tells which rows it refused and why", async () => {
    const answer = await call("POST", "/leads/import", form(`Name,Cell\nBad,12\nGood,${newPhone()}\n`));
    expect(await finished(answer.body.import_id)).toMatchObject({
      successful_imports: 1,
      failed_imports: 1,
      errors: [{ row_number: 2, message: expect.any(String) }],
    });
    const wrong = await call("POST", "/leads/import", form(csv(["X"]), { mappings: '{"Name":"shoe"}' }));
    expect([wrong.status, wrong.body.error.name]).toEqual([422, "invalid_input"]);
  });
});

describe("writing one text", () => {
  it("sends what the lead's page posts once, however often it is posted, and says what became of it", async () => {
    const sender = await createOrg(stack, { numbers: 1 });
    try {
      const post = (body: unknown) =>
        callFunction(stack, sender.admin, "POST", "/api/v1/messages/send", body);
      const { body: lead } = await callFunction(stack, sender.admin, "POST", "/api/v1/leads", {
        phone1: newPhone(),
      });
      // Who has just written may be answered at any hour, so that the test may run at any hour.
      const heard = await postWebhook(sender, {
        path: "/twilio/inbound",
        fields: {
          MessageSid: `SM${randomUUID().replaceAll("-", "")}`,
          From: lead.phone1,
          To: sender.numbers[0]?.e164 as string,
          Body: "Who is this",
        },
      });
      expect(heard.status).toBe(200);
      const request = { to: lead.phone1, body: "Hi, it's Luz about your land.", lead_id: lead.id };
      const answers = await Promise.all(Array.from({ length: 4 }, () => post(request)));
      expect(answers.map(({ status, body }) => [status, body.error])).toEqual(
        answers.map(() => [202, undefined]),
      );
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(answers[0]?.body).toMatchObject({ success: true, message: expect.any(String) });
      const sent = await sender.sql`
        select content from public.messages where org_id = ${sender.id} and kind = 'direct'`;
      expect([...sent]).toEqual([{ content: request.body }]);
      const stranger = await post({ phone_number: newPhone(), content: "Hi" });
      expect([stranger.status, fieldsOf(stranger)]).toEqual([422, ["phone_number"]]);
      const empty = await post({ to: lead.phone1, body: "" });
      expect([empty.status, fieldsOf(empty)[0]]).toEqual([422, "body"]);
    } finally {
      await sender.close();
    }
  });
});
