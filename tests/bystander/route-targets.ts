// Every route of every function, from the OpenAPI documents: a valid request changed in its path, query, body or headers.
import type { RouteExpectation } from "../access/route-expectation.ts";
import { ROUTES } from "../access/routes.ts";
import { type FoundOperation, readOperations } from "../fixtures/read-operations.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import { boundaryValues, type JsonSchema, resolve } from "./boundaries.ts";
import { able } from "./function-targets.ts";
import { multipartBody } from "./multipart.ts";
import { mutate, replaceAt } from "./mutate.ts";
import type { Call, CallContext, Target } from "./targets.ts";
import { anyText } from "./values.ts";

interface Parameter {
  name: string;
  in: string;
  schema: JsonSchema;
}

interface Operation {
  "x-mounted"?: boolean;
  "x-permission"?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: JsonSchema }> };
}

type FoundRoute = FoundOperation<Operation>;

/** @throws if a route has no valid request, or a function has no document */
export async function routeTargets(stack: TestStack): Promise<Target[]> {
  const found = await readOperations<Operation>(stack);
  const name = ({ method, path }: FoundRoute) => `${method} ${path}`;
  const unknown = found.map(name).filter((one) => !ROUTES[one]);
  if (unknown.length > 0)
    throw new Error(`no valid request for ${unknown.join(", ")}: add one to tests/access/routes.ts`);
  return found.map((route) => ({
    kind: "route",
    name: route.path,
    ablest: able(route.operation["x-permission"] ?? "viewer"),
    prepare: (context) => prepare(route, ROUTES[name(route)] as RouteExpectation, context),
  }));
}

async function prepare(
  route: FoundRoute,
  expectation: RouteExpectation,
  context: CallContext,
): Promise<Call> {
  const { random, caller } = context;
  const places = [
    "headers",
    "query",
    ...(route.path.includes("{") ? ["path", "path"] : []),
    ...(expectation.send ? ["body", "body", "body", "body", "body"] : []),
  ];
  const odd = random.next() < 0.1 ? "nothing" : random.pick(places);
  const path = await oddPath(route, expectation, context, odd === "path");
  const query = oddQuery(route, expectation, context, odd === "query");
  const body = await oddBody(route, expectation, context, odd === "body");
  const headers = odd === "headers" ? oddHeaders(context) : {};
  return {
    label:
      [
        path.label,
        query.label,
        body.label,
        ...(odd === "headers" ? [`headers ${JSON.stringify(headers).slice(0, 80)}`] : []),
      ]
        .filter(Boolean)
        .join("; ") || "valid",
    method:
      odd === "headers" && random.next() < 0.2
        ? random.pick(["PUT", "TRACE", "OPTIONS", "HEAD", "DELETE"])
        : route.method,
    path: `/functions/v1${path.value}${query.value}`,
    headers: { ...caller.headers, ...body.headers, ...headers },
    body: body.value,
  };
}

async function oddPath(
  { path }: FoundRoute,
  expectation: RouteExpectation,
  { random, own, loot }: CallContext,
  isOdd: boolean,
) {
  let value = path;
  let label = "";
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const chosen = names.length > 0 ? random.pick(names) : "";
  for (const name of names) {
    const make = name === "id" ? expectation.id : expectation.rest?.[name];
    let part = String((await make?.(own)) ?? "");
    if (isOdd && name === chosen) {
      const { label: what, value: text } =
        random.next() < 0.3
          ? { label: "an id of hers", value: random.pick(loot.ids) }
          : anyText(random, loot);
      label = `{${name}} = ${what}`;
      part =
        random.next() < 0.7
          ? encodeURIComponent(wellFormed(text.slice(0, 3_000)))
          : random.pick(["..%2f..", "%2e%2e", "%", "%00", "%ff%fe", "a;b=c", ";", "%0d%0aX:1", "[]", "{id}"]);
    }
    value = value.replace(`{${name}}`, part);
  }
  return { label, value };
}

/** encodeURIComponent throws on a lone surrogate. */
const wellFormed = (text: string) => text.replace(/[\ud800-\udfff]/gu, "\ufffd");

function oddQuery(
  { operation, document }: FoundRoute,
  expectation: RouteExpectation,
  { random, own, loot }: CallContext,
  isOdd: boolean,
) {
  const query = new URLSearchParams(expectation.query?.(own));
  let label = "";
  if (isOdd) {
    const parameters = (operation.parameters ?? []).filter((one) => one.in === "query");
    const count = 1 + random.below(3);
    for (let i = 0; i < count; i++) {
      const parameter = parameters.length > 0 && random.next() < 0.9 ? random.pick(parameters) : undefined;
      const name =
        parameter?.name ?? random.pick(["__proto__", "constructor", "", "unknown", "page[]", "limit"]);
      const boundaries = parameter ? boundaryValues(resolve(parameter.schema, document)) : [];
      const odd = boundaries.length > 0 && random.next() < 0.4 ? random.pick(boundaries) : undefined;
      const { label: what, value } = odd
        ? { label: odd.label, value: unquoted(odd.json) }
        : anyText(random, loot);
      label += `${label ? "&" : ""}${name}=${what}`;
      query.append(name, value.slice(0, 6_000));
    }
  }
  const text = query.toString();
  return { label, value: text ? `?${text}` : "" };
}

const unquoted = (json: string) => (json.startsWith('"') ? (JSON.parse(json) as string) : json);

async function oddBody(
  route: FoundRoute,
  expectation: RouteExpectation,
  context: CallContext,
  isOdd: boolean,
) {
  const { random, own, loot } = context;
  const base = await expectation.send?.(own);
  if (base === undefined) return { label: "", value: undefined, headers: {} };
  if (base instanceof FormData) return await multipartBody(base, context, isOdd);
  if (route.path.startsWith("/twilio/")) return formBody(base as Record<string, string>, context, isOdd);
  const json = { "content-type": "application/json" };
  if (!isOdd) return { label: "", value: JSON.stringify(base), headers: json };
  const schema = route.operation.requestBody?.content?.["application/json"]?.schema;
  if (schema && random.next() < 0.35) {
    const resolved = resolve(schema, route.document);
    const fields = Object.entries(resolved.properties ?? {});
    const [field, inside] = fields.length > 0 ? random.pick(fields) : [undefined, undefined];
    const values = inside ? boundaryValues(resolve(inside, route.document)) : [];
    if (field && values.length > 0) {
      const value = random.pick(values);
      const filled = { ...(base as object), [field]: null };
      return {
        label: `${field} = ${value.label}`,
        value: replaceAt(filled, [field], value.json),
        headers: json,
      };
    }
  }
  const { label, json: value } = mutate(random, base, loot);
  const type =
    random.next() < 0.9
      ? json
      : {
          "content-type": random.pick([
            "text/plain",
            "application/xml",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "application/json; charset=utf-16",
            "text/csv",
            "application/x-www-form-urlencoded",
            "",
          ]),
        };
  return { label: `${label}${type === json ? "" : ` as ${type["content-type"]}`}`, value, headers: type };
}

/** Requests that pretend to be from Twilio. */
function formBody(base: Record<string, string>, { random, own, loot }: CallContext, isOdd: boolean) {
  const fields = new URLSearchParams({
    AccountSid: random.pick([own.org.twilio.accountSid, `AC${"0".repeat(32)}`]),
    ...base,
  });
  let label = "";
  if (isOdd) {
    const name = random.pick([...fields.keys(), "From", "MessageSid", "NumMedia"]);
    const { label: what, value } = anyText(random, loot);
    fields.set(name, value);
    label = `${name} = ${what}`;
  }
  const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
  if (random.next() < 0.7)
    headers["x-twilio-signature"] = random.pick([
      "c2lnbmF0dXJl",
      "",
      "=".repeat(5_000),
      "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ]);
  return { label, value: fields.toString(), headers };
}

function oddHeaders({ random }: CallContext): Record<string, string> {
  return random.pick<Record<string, string>>([
    { authorization: "Bearer " },
    { authorization: `Bearer ${"a".repeat(7_000)}` },
    { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIn0." },
    { authorization: "Basic QTpC" },
    { "x-worker-secret": "x".repeat(7_000) },
    { "x-worker-secret": "", origin: "null" },
    {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "x,".repeat(500),
    },
    { "x-request-id": `${"x".repeat(4_000)}` },
    { "idempotency-key": "k".repeat(5_000) },
    { "content-encoding": "gzip" },
    { "content-type": "application/json; charset=utf-7" },
    { accept: "application/x-nothing", "accept-language": "*" },
    { cookie: "a=b;".repeat(1_500) },
    { "x-big": "x".repeat(15_000) },
    { "x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript" },
    { "transfer-encoding": "chunked" },
    { range: "bytes=0-,1-,2-,3-" },
    { "x-http-method-override": "DELETE" },
  ]);
}
