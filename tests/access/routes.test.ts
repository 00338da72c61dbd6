// Every route of every function, by everybody, about the own organisation and another, as the OpenAPI documents list them.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { hasRank, isRole } from "../../supabase/functions/_shared/http/roles.ts";
import { type Answer, callFunction } from "../fixtures/call-function.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";
import { readOperations } from "../fixtures/read-operations.ts";
import { type Actor, buildWorld, type World } from "./build-world.ts";
import type { Side } from "./fill-org.ts";
import type { RouteExpectation } from "./route-expectation.ts";
import { ROUTES } from "./routes.ts";
import { takeFingerprint } from "./take-fingerprint.ts";

const stack = inject("stack");
const found = (await readOperations<Record<string, string>>(stack)).map(({ method, path, operation }) => ({
  name: `${method} ${path}`,
  method,
  path,
  permission: operation["x-permission"] ?? "none",
}));

let world: World;
beforeAll(async () => {
  world = await buildWorld(stack);
});
afterAll(() => world?.close());

it("has an expectation for every route, with its permission, and a route for every expectation", () => {
  expect(Object.fromEntries(found.map(({ name, permission }) => [name, permission]))).toEqual(
    Object.fromEntries(Object.entries(ROUTES).map(([name, { permission }]) => [name, permission])),
  );
});

const expectationOf = (name: string) => ROUTES[name] as RouteExpectation;
const bothSides = () => takeFingerprint(world.sql, [world.ours, world.theirs]);
const seen = ({ status, body }: Answer) =>
  `${status} ${body?.error?.name ?? body?.error?.code ?? JSON.stringify(body ?? "").slice(0, 200)}`;

/** A call about this side's rows; its id is made before the call. */
async function prepare(name: string, side: Side) {
  const { id, rest = {}, query, send } = expectationOf(name);
  const [method, path] = name.split(" ") as [string, string];
  const own = id ? path.replace("{id}", await id(side)) : path;
  let address = own;
  for (const [key, name] of Object.entries(rest)) address = address.replace(`{${key}}`, await name(side));
  const url = query ? `${address}?${new URLSearchParams(query(side))}` : address;
  const body = await send?.(side);
  return (token?: string) =>
    callFunction(stack, token === undefined ? undefined : { token }, method, url, body);
}

/** The answer to a caller without the right. */
const REFUSALS: Record<string, string> = {
  "no key": "401 missing_token",
  anon: "401 missing_token",
  "expired token": "401 token_expired",
  "forged token": "401 token_invalid",
  "no organisation": "403 no_organization",
};
const may = (actor: Actor, name: string) =>
  actor.role !== undefined && hasRank(actor.role, expectationOf(name).permission as never);

const forPeople = found.filter(({ permission }) => isRole(permission)).map(({ name }) => name);

describe.each(forPeople)("%s", (name) => {
  it("refuses all who may not, whatever they ask about, says why, and changes nothing", async () => {
    // Without a valid token nobody gets as far as an id, so one side is enough. The bad tokens were made for a person of ours.
    const asked = world.actors
      .filter((actor) => !may(actor, name))
      .flatMap((actor) =>
        (actor.refusal === 401 ? [world.ours] : [world.ours, world.theirs]).map((side) => ({ actor, side })),
      );
    const calls = await Promise.all(asked.map(({ side }) => prepare(name, side)));
    const before = await bothSides();
    // supabase-js sends the project's key if nobody is signed in.
    const tokenOf = ({ name: who, token }: Actor) => (who === "anon" ? stack.PUBLISHABLE_KEY : token);
    const answers = await Promise.all(calls.map((call, i) => call(tokenOf(asked[i]?.actor as Actor))));
    expect(answers.map((answer, i) => `${asked[i]?.actor.name}: ${seen(answer)}`)).toEqual(
      asked.map(({ actor }) => `${actor.name}: ${REFUSALS[actor.name] ?? "403 forbidden"}`),
    );
    expect(await bothSides()).toEqual(before);
  });

  const { id, other } = expectationOf(name) ?? {};
  if (id || other)
    it("knows nothing of another organisation's, and changes nothing of it", async () => {
      const allowed = world.actors.filter((actor) => may(actor, name));
      const calls = await Promise.all(allowed.map(() => prepare(name, world.theirs)));
      const before = await bothSides();
      const answers = await Promise.all(calls.map((call, i) => call(allowed[i]?.token)));
      const expected = other === 422 ? "422 invalid_input" : "404 not_found";
      expect(answers.map((answer, i) => `${allowed[i]?.name}: ${seen(answer)}`)).toEqual(
        allowed.map((actor) => `${actor.name}: ${expected}`),
      );
      expect(await bothSides()).toEqual(before);
    });
});

describe.each(found.filter(({ permission }) => permission === "twilio_signature"))(
  "$name",
  ({ name, path }) => {
    it("accepts only requests that Twilio signed for the account, and else changes nothing but its own log", async () => {
      const { ours, theirs, actors } = world;
      const fields = expectationOf(name).send?.(ours) as Record<string, string>;
      const query = `mid=${ours.row.messages?.id}`;
      const spec = { path: path as "/twilio/inbound", fields, ...(path.endsWith("/status") && { query }) };
      const without = async () => ({ ...(await bothSides()), webhook_logs: "whatever" });
      const before = await without();
      const responses = await Promise.all([
        postWebhook(ours.org, { ...spec, signature: null }),
        postWebhook(ours.org, { ...spec, signature: "c2lnbmF0dXJl" }),
        postWebhook(ours.org, { ...spec, token: theirs.org.twilio.authToken }),
        ...actors.map(({ token }) =>
          fetch(`${stack.FUNCTIONS_URL}${path}`, {
            method: "POST",
            body: new URLSearchParams({ AccountSid: ours.org.twilio.accountSid, ...fields }),
            headers: token ? { authorization: `Bearer ${token}` } : {},
          }),
        ),
      ]);
      expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 403));
      expect(await without()).toEqual(before);
    });
  },
);

describe.each(found.filter(({ permission }) => permission === "worker_secret"))(
  "$name",
  ({ method, path }) => {
    it("opens to the scheduler's secret alone", async () => {
      const tokens = world.actors.flatMap(({ token }) => (token ? [token] : []));
      const wrong = [...tokens, stack.PUBLISHABLE_KEY, stack.SECRET_KEY];
      const knock = async (headers: Record<string, string>) => {
        const response = await fetch(`${stack.FUNCTIONS_URL}${path}`, { method, headers });
        return `${response.status} ${(await response.json()).error?.code ?? "open"}`;
      };
      const refusals = await Promise.all([
        knock({}),
        ...wrong.flatMap((token) => [
          knock({ authorization: `Bearer ${token}` }),
          knock({ "x-worker-secret": token }),
        ]),
      ]);
      expect([...new Set(refusals)]).toEqual(["401 worker_secret_invalid"]);
      expect(await knock({ "x-worker-secret": stack.FUNCTIONS_ENV.WORKER_SECRET as string })).toBe(
        "202 open",
      );
    });
  },
);

describe.each(found.filter(({ permission }) => permission === "open"))("$name", ({ name }) => {
  it("answers everybody, also with a bad token or none, and reveals nothing of any organisation", async () => {
    const call = await prepare(name, world.ours);
    const answers = await Promise.all(world.actors.map(({ token }) => call(token)));
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([expectationOf(name).unsigned ?? 200]);
    expect(answers.filter(({ body }) => tells(body, world.theirs) || tells(body, world.ours))).toEqual([]);
  });
});

// Last, because workers go on with the work begun here.
describe.each(forPeople)("%s", (name) => {
  it("answers those who may, about their own organisation alone", async () => {
    for (const actor of world.actors.filter((one) => may(one, name))) {
      const answer = await (await prepare(name, world.ours))(actor.token);
      const { othersNeed } = expectationOf(name);
      const isBelow = othersNeed !== undefined && actor.role && !hasRank(actor.role, othersNeed);
      const statuses = isBelow ? [403] : [200, 201, 202, 204, 409];
      expect(statuses, `${actor.name}: ${seen(answer)}`).toContain(answer.status);
      expect(tells(answer.body, world.theirs), actor.name).toBe(false);
    }
  });
});

function tells(body: unknown, { secrets }: Side): boolean {
  const text = JSON.stringify(body ?? "");
  return secrets.some((secret) => text.includes(secret));
}
