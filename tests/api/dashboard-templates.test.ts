// The existing dashboard's Templates page: every call as its client builds it, and every field that it reads.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const stack = inject("stack");
let org: TestOrg;
let stranger: TestOrg;
beforeAll(async () => {
  [org, stranger] = await Promise.all([createOrg(stack, { numbers: 1 }), createOrg(stack)]);
  await org.sql`update public.orgs set brand = 'Sol Land', language = 'es' where id = ${org.id}`;
});
afterAll(() => Promise.all([org.close(), stranger.close()]));

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/api/v1${path}`, body);
const ENGLISH =
  "Hi {{firstName}}, this is {{companyName}}. Would you sell your land in {{county}}? Reply STOP to end.";
const SPANISH = "Hola {{firstName}}, somos {{companyName}}. ¿Vende su terreno? Responda ALTO para salir.";
let names = 0;
async function make(fields: Record<string, unknown> = {}) {
  const input = { name: `T${++names}`, content: ENGLISH, category: "initial_outreach", ...fields };
  const answer = await call("POST", "/templates", input);
  expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  return answer.body.data as { id: number; uuid: string };
}

it("creates a text from name, content and category; its id is a JSON number, its variables are the page's", async () => {
  const answer = await call("POST", "/templates", { name: "New", content: ENGLISH, category: "follow_up" });
  expect(answer.status).toBe(201);
  const shown = {
    id: expect.any(Number),
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: "New",
    content: ENGLISH,
    category: "follow_up",
    language: "en",
    isActive: true,
    tags: [],
    variables: ["first_name", "brand", "county"],
    updatedAt: expect.any(String),
  };
  expect(answer.body).toMatchObject({ success: true, data: shown, ...shown });
  const [row] =
    await org.sql`select content, category from public.templates where id = ${answer.body.data.uuid}`;
  expect(row).toEqual({
    content: ENGLISH.replace("{{firstName}}", "{first_name}")
      .replace("{{companyName}}", "{brand}")
      .replace("{{county}}", "{county}"),
    category: "followup",
  });
});

it("tells the language by the text, and by the organisation if the text does not tell", async () => {
  expect(await make({ content: SPANISH })).toMatchObject({ language: "es" });
  expect(await make({ category: "support", content: "{{agentName}}: 512-555-0100" })).toMatchObject({
    language: "es",
  });
});

it("lists texts newest first, also of one category, by number, with and without a slash", async () => {
  const { id } = await make({
    category: "nurture",
    content: "Hi {{firstName}}, still thinking about your land?",
  });
  for (const path of [
    "/templates?category=nurture",
    "/templates/?category=nurture",
    "/templates?category[]=nurture",
  ]) {
    const { body } = await call("GET", path);
    expect(body.data.map((one: { id: number }) => one.id)).toEqual([id]);
    expect(body.pagination.total).toBe(1);
  }
  const all = await call("GET", "/templates/");
  expect(all.body.data[0].id).toBe(id);
  expect(
    all.body.data.every(
      (one: { id: unknown; tags: unknown }) => typeof one.id === "number" && Array.isArray(one.tags),
    ),
  ).toBe(true);
});

it("changes, switches off, shows and deletes a text by its number or its uuid", async () => {
  const { id, uuid } = await make();
  const put = await call("PUT", `/templates/${id}`, {
    name: `Renamed ${id}`,
    content: SPANISH,
    category: "initial_outreach",
    is_active: false,
  });
  expect(put.body).toMatchObject({
    success: true,
    data: { content: SPANISH, language: "es", isActive: false, version: 2 },
  });
  expect((await call("GET", `/templates/${uuid}`)).body).toMatchObject({ id, name: `Renamed ${id}` });
  expect((await call("DELETE", `/templates/${id}`)).status).toBe(204);
  expect((await call("DELETE", `/templates/${id}`)).status).toBe(204);
  expect((await call("GET", "/templates")).body.data.map((one: { id: number }) => one.id)).not.toContain(id);
});

it("takes the number in the area's own routes about one text, too", async () => {
  const { id, uuid } = await make();
  await call("PUT", `/templates/${id}`, { content: SPANISH });
  for (const one of [id, uuid]) {
    const versions = await call("GET", `/templates/${one}/versions`);
    expect(versions.body.data).toHaveLength(2);
    expect((await call("GET", `/templates/${one}/performance`)).body.data).toMatchObject({
      total: { sent: 0 },
    });
  }
  const restored = await call("POST", `/templates/${id}/restore`, { version: 1 });
  expect([restored.status, restored.body.data.id, restored.body.data.version]).toEqual([200, uuid, 3]);
  expect((await call("GET", "/templates/999999999/versions")).status).toBe(404);
  expect((await call("GET", "/templates/none/versions")).status).toBe(422);
  const theirs = await callFunction(stack, stranger.admin, "GET", `/api/v1/templates/${id}/versions`);
  expect(theirs.status).toBe(404);
});

it("keeps a text's language if its new words do not tell another", async () => {
  const { id } = await make({ category: "support", content: "Please call me: 512-555-0100" });
  const changed = await call("PUT", `/templates/${id}`, { content: "{{agentName}}: 512-555-0100" });
  expect(changed.body).toMatchObject({ success: true, data: { language: "en", version: 2 } });
});

it("shows a text with and without values", async () => {
  const { id } = await make();
  const { body } = await call("GET", `/templates/${id}/preview`);
  expect(body.data).toMatchObject({ preview_content: null, missing: ["county"] });
  const test = await call("POST", `/templates/${id}/test`, { firstName: "Luz", county: "Travis" });
  expect(test.body.rendered).toBe(
    "Hi Luz, this is Sol Land. Would you sell your land in Travis? Reply STOP to end.",
  );
  const [lead] = await addLeads(org, 1);
  const ofLead = await call("GET", `/templates/${id}/preview?lead_id=${lead?.id}`);
  expect(ofLead.status).toBe(200);
});

it("refuses a text against the rules with every reason, and an id that is none with 422", async () => {
  const bad = await call("POST", "/templates", {
    name: "Bad",
    content: "Sell me your land",
    category: "initial",
  });
  expect([bad.status, fieldsOf(bad)[0]]).toEqual([422, "content"]);
  expect(bad.body.detail).toBe(bad.body.error.message);
  expect((await call("GET", "/templates/not-an-id")).status).toBe(422);
  expect((await call("GET", "/templates/999999999")).status).toBe(404);
  expect((await call("GET", `/templates/${randomUUID()}`)).status).toBe(404);
});

it("keeps another organisation's texts apart, also by number", async () => {
  const { id, uuid } = await make();
  for (const one of [id, uuid]) {
    expect((await callFunction(stack, stranger.admin, "GET", `/api/v1/templates/${one}`)).status).toBe(404);
    expect((await callFunction(stack, stranger.admin, "DELETE", `/api/v1/templates/${one}`)).status).toBe(
      404,
    );
  }
});

it("makes a new text of a request whose text was deleted since", async () => {
  const body = { name: `Gone ${++names}`, content: ENGLISH, category: "custom" };
  const first = await call("POST", "/templates", body);
  await call("DELETE", `/templates/${first.body.id}`);
  const again = await call("POST", "/templates", body);
  // Its name stays with the archived one.
  expect([again.status, again.body.error?.name]).toEqual([409, "duplicate"]);
});

it("makes one text of a request that comes four times at once", async () => {
  const body = { name: `Once ${++names}`, content: ENGLISH, category: "custom" };
  const answers = await Promise.all(Array.from({ length: 4 }, () => call("POST", "/templates", body)));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
});
