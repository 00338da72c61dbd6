// Every function of schema public, by rpc: who may call it, what another organisation's ids do there, and that a refusal
// changes nothing. And which database roles may execute what, schema private included.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { hasRank } from "../../supabase/functions/_shared/http/roles.ts";
import { type Actor, buildWorld, type World } from "./build-world.ts";
import type { Side } from "./fill-org.ts";
import { FUNCTIONS, type FunctionExpectation, PRIVATE_FUNCTIONS } from "./functions.ts";
import { readExecutables, readFunctions } from "./read-catalog.ts";
import { takeFingerprint } from "./take-fingerprint.ts";

const stack = inject("stack");
const found = await readFunctions(stack);

let world: World;
beforeAll(async () => {
  world = await buildWorld(stack);
});
afterAll(() => world?.close());

it("has an expectation for every function of public, and a function for every expectation", () => {
  // Each name exists once: it is not defined which of two overloads REST would call.
  expect(Object.keys(FUNCTIONS).sort()).toEqual(found);
});

describe("by the catalog", () => {
  const roles = ["anon", "authenticated", "service_role", "worker"];
  it.each(roles)(
    "the role %s may execute in public and private what it should, and nothing else",
    async (role) => {
      const signedIn = role === "authenticated";
      const names = Object.entries(FUNCTIONS).filter(
        ([, { service }]) => signedIn || (role === "service_role" && service),
      );
      const expected = {
        public: names.map(([name]) => name).sort(),
        private: PRIVATE_FUNCTIONS[role]?.sort(),
      };
      expect(await readExecutables(stack, role)).toEqual(expected);
    },
  );
});

const expectationOf = (name: string) => FUNCTIONS[name] as FunctionExpectation;
const may = (actor: Actor, name: string) =>
  actor.role !== undefined && hasRank(actor.role, expectationOf(name).role);

interface Answer {
  name: string;
  status: number;
  text: string;
}

async function call(actor: Actor, name: string, args: object | undefined): Promise<Answer> {
  const { data, error, status } = await actor.client.rpc(name, args);
  return { name: actor.name, status, text: JSON.stringify(data ?? error) };
}

/** Calls as each of these people, about each of these sides; all rows that calls need are made before the first call. */
async function callAll(name: string, actors: Actor[], sides: Side[]) {
  const asked = actors.flatMap((actor) => sides.map((side) => ({ actor, side })));
  const args = await Promise.all(asked.map(({ side }) => expectationOf(name).args(side)));
  const before = await takeFingerprint(world.sql, [world.ours, world.theirs]);
  const answers = await Promise.all(asked.map(({ actor }, i) => call(actor, name, args[i])));
  return { answers, before };
}

describe.each(found)("%s", (name) => {
  it("refuses all who may not call it, whatever they ask about, and changes nothing", async () => {
    const refused = world.actors.filter((actor) => !may(actor, name));
    const { answers, before } = await callAll(name, refused, [world.ours, world.theirs]);
    const opened = answers.filter(({ name: who, status, text }) => {
      if (status === world.actor(who).refusal) return false;
      // A function that reads by row level security returns nothing to a person of no organisation.
      return !(
        who === "no organisation" &&
        status === 200 &&
        expectationOf(name).other === "empty" &&
        isEmpty(text)
      );
    });
    expect(opened.map(brief)).toEqual([]);
    expect(await takeFingerprint(world.sql, [world.ours, world.theirs])).toEqual(before);
  });

  it("gives those who may call it nothing of another organisation", async () => {
    const { other } = expectationOf(name);
    const allowed = world.actors.filter((actor) => may(actor, name));
    const { answers, before } = await callAll(name, allowed, [world.theirs]);
    const statuses = typeof other === "number" ? [other] : [200, 204];
    expect(answers.filter(({ status }) => !statuses.includes(status)).map(brief)).toEqual([]);
    if (other === "empty") expect(answers.filter(({ text }) => !isEmpty(text)).map(brief)).toEqual([]);
    if (other === "own")
      expect(answers.filter(({ text }) => tells(text, world.theirs)).map(brief)).toEqual([]);
    if (other !== "own") expect(await takeFingerprint(world.sql, [world.ours, world.theirs])).toEqual(before);
  });
});

// Last, because workers go on with the work begun here.
describe.each(found)("%s", (name) => {
  it("answers those who may call it, about their own organisation", async () => {
    const allowed = world.actors.filter((actor) => may(actor, name));
    const { answers } = await callAll(name, allowed, [world.ours]);
    const { othersNeed } = expectationOf(name);
    const isBelow = (who: string) => {
      const { role } = world.actor(who);
      return othersNeed !== undefined && role !== undefined && !hasRank(role, othersNeed);
    };
    // A refusal for a wrong state is not a missing right.
    const wrong = answers.filter(
      ({ name: who, status }) => !(isBelow(who) ? [403] : [200, 204, 409]).includes(status),
    );
    expect(wrong.map(brief)).toEqual([]);
    expect(answers.filter(({ text }) => tells(text, world.theirs)).map(brief)).toEqual([]);
  });
});

/** What a failure prints. */
const brief = ({ name, status, text }: Answer) => `${name}: ${status} ${text.slice(0, 160)}`;
const tells = (text: string, { secrets }: Side) => secrets.some((secret) => text.includes(secret));
/** Null, nothing, or figures that are all nought. */
function isEmpty(text: string): boolean {
  const holdsNothing = (value: unknown): boolean =>
    !value || (typeof value === "object" && Object.values(value).every(holdsNothing));
  return holdsNothing(JSON.parse(text));
}
