// How requests are read: queries and bodies as callers send them, and the errors for wrong ones.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pageFields } from "../../../supabase/functions/_shared/http/pagination.ts";
import { muteLog } from "./mute-log.ts";
import { areaOf, echo } from "./test-area.ts";

muteLog();

const post = (body: BodyInit, type = "application/json"): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": type },
});

describe("a query", () => {
  const query = z.object({
    ...pageFields,
    search: z.string().optional(),
    status: z.array(z.enum(["new", "contacted"])).optional(),
    tags: z.array(z.string()).max(3).default([]),
    since: z.iso.datetime().optional(),
  });
  const ask = areaOf([echo("GET", "/", { query })]);
  const read = async (text: string) => (await (await ask(`/?${text}`)).json()).data?.query;

  it.each([
    ["status[]=new&status[]=contacted"],
    ["status%5B%5D=new&status%5B%5D=contacted"],
    ["status[0]=new&status[1]=contacted"],
    ["status=new&status=contacted"],
    ["status=new,contacted"],
    ["status=new,&status[]=%20contacted"],
  ])("reads %s as a list of two", async (text) => {
    expect(await read(text)).toEqual({ limit: 50, tags: [], status: ["new", "contacted"] });
  });

  it.each(["", "search=", "search=%20&status=&status[]=&tags=,&page="])(
    "takes %j as asking for nothing",
    async (text) => {
      expect(await read(text)).toEqual({ limit: 50, tags: [] });
    },
  );

  it("reads one value of a list as a list", async () => {
    expect(await read("status=new&tags[]=TX-HAR")).toMatchObject({ status: ["new"], tags: ["TX-HAR"] });
  });

  it("leaves commas in texts alone", async () => {
    expect(await read("search=Doe, Jane")).toMatchObject({ search: "Doe, Jane" });
  });

  it("reads numbers, up to the 1,000 rows that may be asked for", async () => {
    expect(await read("page=2&limit=1000")).toMatchObject({ page: 2, limit: 1000 });
  });

  it.each([
    ["limit=1001", "limit", "limit must be at most 1000."],
    ["limit=0", "limit", "limit must be at least 1."],
    ["limit=ten", "limit", "limit must be a number."],
    ["page=1.5", "page", "page must be a whole number."],
    ["status=old", "status.0", "status.0 must be one of: new, contacted."],
    ["tags=A,B,C,D", "tags", "tags must have at most 3 items."],
    ["search=a&search=b", "search", "search must be a text."],
    ["since=yesterday", "since", "since must be a time such as 2026-01-31T13:00:00Z."],
  ])("with %s is told that %s is wrong and what would be right", async (text, field, message) => {
    const response = await ask(`/?${text}`);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      detail: message,
      error: { code: "invalid_input", details: { errors: [{ field, message }] } },
    });
  });

  it("can't reach the prototype of the result", async () => {
    expect((await ask("/?__proto__=x&__proto__[]=y&constructor=z")).status).toBe(200);
  });
});

describe("a path", () => {
  const ask = areaOf([echo("GET", "/{id}", { params: z.object({ id: z.uuid() }) })]);

  it("with an id that can't be one is malformed (400), not missing", async () => {
    const response = await ask("/123");
    expect(response.status).toBe(400);
    const { error } = await response.json();
    expect(error).toMatchObject({ code: "malformed_request", details: { errors: [{ field: "id" }] } });
    expect(error.message).toBe("The path of the URL is invalid: id must be a uuid.");
  });

  it.each(["%ff%fe", "%", "%00", "a".repeat(5000)])("of garbage is malformed too: %s", async (garbage) => {
    expect((await ask(`/${garbage}`)).status).toBe(400);
  });
});

describe("a JSON body", () => {
  const body = z.strictObject({
    name: z.string().min(1).max(10),
    phones: z.array(z.object({ number: z.e164() })).min(1),
    mps: z.number().positive().optional(),
    start: z.iso.date().optional(),
    language: z.enum(["es", "en"], { error: "language must be es (Spanish) or en (English)." }).optional(),
  });
  const ask = areaOf([echo("POST", "/", { body }), echo("POST", "/anything", { body: z.unknown() })]);
  const errorsOf = async (value: unknown) => {
    const response = await ask("/", post(JSON.stringify(value)));
    expect(response.status).toBe(422);
    return (await response.json()).error.details.errors;
  };

  it("that is valid is passed to the use case", async () => {
    const right = { name: "Ana", phones: [{ number: "+15125550100" }] };
    expect(await (await ask("/", post(JSON.stringify(right)))).json()).toEqual({
      success: true,
      data: { body: right },
    });
  });

  it("names every wrong field, also nested ones", async () => {
    const wrong = {
      name: "",
      phones: [{ number: "5125550100" }, {}],
      mps: 0,
      start: "soon",
      language: "fr",
      extra: 1,
    };
    expect(await errorsOf(wrong)).toEqual([
      { field: "name", message: "name must have at least 1 character." },
      { field: "phones.0.number", message: "phones.0.number must be a phone number such as +15125550100." },
      { field: "phones.1.number", message: "phones.1.number is required." },
      { field: "mps", message: "mps must be more than 0." },
      { field: "start", message: "start must be a date such as 2026-01-31." },
      { field: "language", message: "language must be es (Spanish) or en (English)." },
      { field: "extra", message: "extra is not a field of this request." },
    ]);
  });

  it.each([
    ["a list", []],
    ["a text", "x"],
    ["null", null],
    ["a number", 7],
  ])("that is %s is no object", async (_kind, value) => {
    expect(await errorsOf(value)).toEqual([{ field: "body", message: "body must be an object." }]);
  });

  it.each([
    ["cut off", '{"name":'],
    ["empty", ""],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["two documents", "{}{}"],
  ])("that is %s is malformed", async (_kind, sent) => {
    const response = await ask("/", post(sent));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "malformed_json" } });
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "is not read from %s",
    async (type) => {
      const response = await ask("/", post("{}", type));
      expect(response.status).toBe(415);
      expect((await response.json()).detail).toContain("application/json");
    },
  );

  it.each(["application/json; charset=utf-8", "application/merge-patch+json", "APPLICATION/JSON"])(
    "is read from %s",
    async (type) => {
      expect((await ask("/anything", post("{}", type))).status).toBe(200);
    },
  );
});

describe("a form", () => {
  const ask = areaOf([
    echo("POST", "/", { form: z.object({ Body: z.string(), MediaUrl: z.array(z.string()).optional() }) }),
  ]);
  const type = "application/x-www-form-urlencoded";

  it("gives a name sent once as a value, and one sent several times or with brackets as a list", async () => {
    const several = await (await ask("/", post("Body=Hola%00&MediaUrl=a&MediaUrl=b", type))).json();
    expect(several.data.form).toEqual({ Body: "Hola", MediaUrl: ["a", "b"] });
    const one = await (await ask("/", post("Body=Hola&MediaUrl[]=a", type))).json();
    expect(one.data.form).toEqual({ Body: "Hola", MediaUrl: ["a"] });
  });

  it("sent as JSON gets an error that says how forms are sent", async () => {
    const response = await ask("/", post('{"Body":"Hola"}'));
    expect(response.status).toBe(415);
    expect((await response.json()).detail).toContain(type);
  });
});
