// Templates as CSV: what is exported can be imported again, and a wrong row is reported and holds up nothing.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
beforeAll(async () => {
  [org, other] = await Promise.all([
    createOrg(stack, { numbers: 0, roles: ["viewer", "operator"] }),
    createOrg(stack, { numbers: 0 }),
  ]);
});
afterAll(() => Promise.all([org.close(), other.close()]));

const HEADER = "name,category,language,content,is_active";
const FIRST = '"Hola {{firstName}}, somos {brand}. Responda ALTO para salir."';
async function send(csv: string | Uint8Array<ArrayBuffer>, query = "", to = org) {
  const response = await fetch(`${stack.FUNCTIONS_URL}/templates/import${query}`, {
    method: "POST",
    headers: { authorization: `Bearer ${to.admin.token}`, "content-type": "text/csv" },
    body: csv,
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}
const exported = async (from: TestOrg) =>
  (await callFunction(stack, from.users.viewer ?? from.admin, "GET", "/templates/export")).body as string;
const outcomes = (answer: { body: { data: { rows: { line: number; outcome: string }[] } } }) =>
  answer.body.data.rows.map(({ line, outcome }) => [line, outcome]);
const stored = (of: TestOrg, name: string) =>
  of.sql`select category, content, version, is_active from public.templates where org_id = ${of.id} and name = ${name}`;

describe("an import", () => {
  it("writes the right rows and reports the wrong ones by line and field", async () => {
    const csv = [
      HEADER,
      `Uno,initial_outreach,es,${FIRST},yes`,
      `Dos,spam,es,${FIRST},`,
      'Tres,follow_up,ES,"Dos líneas:',
      'y la segunda",no',
      `Uno,initial,es,${FIRST},`,
      "Cuatro,custom,es,casino,maybe",
      "Cinco,initial,es,casino,",
      "Seis,custom,es,one,,two",
      `Siete,custom,es,${"x".repeat(4001)},`,
      ",custom,es,Hola,",
    ].join("\r\n");
    const answer = await send(csv);
    expect(answer.status).toBe(200);
    expect(outcomes(answer)).toEqual([
      [2, "created"],
      [3, "refused"],
      [4, "created"],
      [6, "refused"],
      [7, "refused"],
      [8, "refused"],
      [9, "refused"],
      [10, "refused"],
      [11, "refused"],
    ]);
    expect(answer.body.data).toMatchObject({ created: 2, updated: 0, refused: 7, dry_run: false });
    const fields = answer.body.data.rows.map(
      (row: { errors?: { field: string }[] }) => row.errors?.[0]?.field,
    );
    expect(fields).toEqual([
      undefined,
      "category",
      undefined,
      "name",
      "is_active",
      "content",
      "row",
      "content",
      "name",
    ]);
    expect(await stored(org, "Uno")).toMatchObject([{ category: "initial", version: 1, is_active: true }]);
    expect(await stored(org, "Tres")).toMatchObject([
      { category: "followup", content: "Dos líneas:\ny la segunda", is_active: false },
    ]);
  });

  it("only judges in a dry run, and tells of names that are twice in the file", async () => {
    const csv = `${HEADER}\nSeco,initial,es,${FIRST},\nSeco,initial,es,${FIRST},\n`;
    const answer = await send(csv, "?dry_run=true");
    expect(outcomes(answer)).toEqual([
      [2, "created"],
      [3, "refused"],
    ]);
    expect(answer.body.data).toMatchObject({ dry_run: true, rows: [{ template_id: null }, {}] });
    expect(await stored(org, "Seco")).toEqual([]);
    expect(
      await org.sql`select 1 from public.audit_events where org_id = ${org.id} and details ->> 'name' = 'Seco'`,
    ).toEqual([]);
  });

  it("changes a template of the name only if it is asked to", async () => {
    const csv = (text: string) => `name;category;language;content;note\nCambio;custom;es;${text};x\n`;
    expect(await send(csv("Uno"))).toMatchObject({
      body: { data: { created: 1, ignored_columns: ["note"] } },
    });
    expect(await send(csv("Dos"))).toMatchObject({ body: { data: { refused: 1 } } });
    expect(await send(csv("Dos"), "?on_conflict=update")).toMatchObject({
      body: { data: { updated: 1, rows: [{ version: 2 }] } },
    });
    expect(await stored(org, "Cambio")).toMatchObject([{ content: "Dos", version: 2 }]);
  });

  it("reads a form, Excel's encodings and guarded cells", async () => {
    const form = new FormData();
    form.append("file", new Blob([`${HEADER}\n"Form",custom,es,'=1+1 mañana,\n`]), "texts.csv");
    expect((await callFunction(stack, org.admin, "POST", "/templates/import", form)).body.data.created).toBe(
      1,
    );
    expect(await stored(org, "Form")).toMatchObject([{ content: "=1+1 mañana" }]);
    const latin = Uint8Array.from(Buffer.from(`${HEADER}\nLatin,custom,es,mañana será,\n`, "latin1"));
    expect((await send(latin)).body.data.created).toBe(1);
    expect(await stored(org, "Latin")).toMatchObject([{ content: "mañana será" }]);
    const wide = Uint8Array.from(Buffer.from(`\ufeff${HEADER}\nWide,custom,es,mañana será,\n`, "utf16le"));
    expect((await send(wide)).body.data.created).toBe(1);
  });

  it.each([
    ["no rows", HEADER, "rows below"],
    ["a column too few", "name,content\na,b", "category, language"],
    ["501 rows", `${HEADER}\n${`a,custom,es,b,\n`.repeat(501)}`, "more than 500"],
  ])("is refused as a whole for %s", async (_what, csv, words) => {
    const refused = await send(csv);
    expect([refused.status, fieldsOf(refused as never)]).toEqual([422, ["file"]]);
    expect(refused.body.error.message).toContain(words);
  });

  it("is refused for a file that is too large, a picture, and a body of another kind", async () => {
    expect((await send("x".repeat(2_097_153))).status).toBe(413);
    expect((await send(Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1, 2, 3]))).status).toBe(422);
    expect((await callFunction(stack, org.admin, "POST", "/templates/import", { a: 1 })).status).toBe(415);
    expect(
      (await callFunction(stack, org.users.operator, "POST", "/templates/import", new FormData())).status,
    ).toBe(403);
  });

  it("of values that no file has is refused by the database itself", async () => {
    const rows = [
      null,
      {},
      [],
      [1],
      [{ line: 1 }],
      [{ line: 0, fields: {} }],
      [{ line: 1, fields: { name: { a: 1 } } }],
      [{ line: 1, fields: { name: "x".repeat(5000) } }],
      Array.from({ length: 501 }, (_, i) => ({ line: i + 1, fields: {} })),
    ];
    for (const p_rows of rows) {
      const { error } = await org.admin.client.rpc("import_templates", { p_rows: p_rows as never });
      expect([JSON.stringify(p_rows)?.slice(0, 60), error?.code]).toEqual([
        JSON.stringify(p_rows)?.slice(0, 60),
        "PT422",
      ]);
    }
  });
});

describe("an export", () => {
  it("is imported by another organisation as the same texts, and has no formula", async () => {
    const nasty = ['=Hyperlink("x")', "+1 512 555 0123", "@cmd", 'a "b", c;d\n=e', "'=x", "  x"];
    for (const [i, content] of nasty.entries()) {
      const name = `=Nasty ${i}`;
      const input = { name, category: "custom", language: "en", content, is_active: false };
      expect((await callFunction(stack, org.admin, "POST", "/templates", input)).status).toBe(201);
    }
    const csv = await exported(org);
    expect(csv.startsWith(`${HEADER}\r\n`)).toBe(true);
    for (const row of csv.split("\r\n")) expect(row).not.toMatch(/^"?[=+@]|[,;]"?[=@]/);
    const answer = await send(csv, "?on_conflict=update", other);
    expect(answer.body.data.refused).toBe(0);
    const texts = (of: TestOrg) => of.sql`
      select name, category, language, content, is_active, required_variables, worst_segments from public.templates
      where org_id = ${of.id} and archived_at is null and name like '=Nasty%' order by name`;
    expect(await texts(other)).toEqual(await texts(org));
    expect((await texts(other)).length).toBe(nasty.length);
  });
});
