// Changes a valid JSON document in one place at any depth, and leaves the rest as it was.
import type { Random } from "../../scripts/demo/random.ts";
import { anyValue, type Loot, type Value, valueLike } from "./values.ts";

export interface Mutation {
  /** Where and what, for a report. */
  label: string;
  json: string;
}

/** Longer bodies are a matter for the platform's proxy: Postgres reads 256 MB of JSON before our code runs. */
const MOST_LIST_CHARACTERS = 16_000_000;

type Path = readonly (string | number)[];

/** Every place in the document, without its root. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [here, ...placesOf(inside, here)];
  });
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inside, key) => (inside as Record<string, unknown>)[key as string], value);

/** The document as JSON text with `put` at one place; without the place where `put` is undefined. */
export function replaceAt(
  value: unknown,
  path: Path,
  put: string | undefined,
  more: string[] = [],
): string | undefined {
  if (path.length === 0 && more.length === 0) return put;
  const [key, ...rest] = path;
  const inside = (name: string, part: unknown) =>
    path.length > 0 && String(key) === name ? replaceAt(part, rest, put, more) : JSON.stringify(part);
  if (Array.isArray(value)) {
    const items = value.map((item, n) => inside(String(n), item)).filter((item) => item !== undefined);
    return `[${[...items, ...(path.length === 0 ? more : [])].join(",")}]`;
  }
  const members = Object.entries((value ?? {}) as object).flatMap(([name, part]) => {
    const json = inside(name, part);
    return json === undefined ? [] : [`${JSON.stringify(name)}:${json}`];
  });
  return `{${[...members, ...(path.length === 0 ? more : [])].join(",")}}`;
}

const UNKNOWN_KEYS = [
  "org_id",
  "id",
  "status",
  "__proto__",
  "constructor",
  "unknown_key",
  "created_by",
  "",
  "p_now",
  "role",
];

/** Numbers and booleans control workers, so they are preferred; ids and names are many, and mostly only shown. */
function weightOf(value: unknown): number {
  if (typeof value === "number" || typeof value === "boolean") return 4;
  return /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(String(value)) ? 1 : 2;
}

/** Replaces one scalar by another of its kind: such values are accepted most often and do most harm. */
export function mutateLeaf(random: Random, base: unknown, loot: Loot): Mutation {
  const leaves = placesOf(base).filter((path) => typeof at(base, path) !== "object");
  if (leaves.length === 0) return mutate(random, base, loot);
  const path = random.pick(
    leaves.flatMap((leaf) => Array.from({ length: weightOf(at(base, leaf)) }, () => leaf)),
  );
  const value = valueLike(random, at(base, path), loot);
  return {
    label: `${path.join(".")} = ${value.label}`,
    json: replaceAt(base, path, value.json) as string,
  };
}

export function mutate(random: Random, base: unknown, loot: Loot): Mutation {
  const roll = random.next();
  const places = placesOf(base);
  if (roll < 0.04 || places.length === 0) {
    const value = anyValue(random, loot);
    return { label: `whole = ${value.label}`, json: value.json };
  }
  // Deep places are many in a big document and few in a small one: the depth is drawn first.
  const depths = [...new Set(places.map((path) => path.length))];
  const depth = random.pick(depths);
  const path = random.pick(places.filter((one) => one.length === depth));
  const name = path.join(".");
  const before = at(base, path);
  if (roll < 0.12) return { label: `without ${name}`, json: replaceAt(base, path, undefined) as string };
  if (roll < 0.2 && typeof before === "object" && before !== null && !Array.isArray(before))
    return addKey(random, base, path, loot);
  if (roll < 0.27 && Array.isArray(before) && before.length > 0) {
    const item = JSON.stringify(before[0]);
    const most = Math.floor(MOST_LIST_CHARACTERS / item.length);
    const count = Math.min(random.pick([2, 21, 101, 201, 1_001, 10_001, 100_000]), most);
    const items = Array.from({ length: count }, () => item);
    return {
      label: `${name} with the same item ${count} times`,
      json: replaceAt(base, path, `[${items.join(",")}]`) as string,
    };
  }
  if (roll < 0.31)
    return {
      label: `${name} in a list`,
      json: replaceAt(base, path, `[${JSON.stringify(before)}]`) as string,
    };
  const value = valueLike(random, before, loot);
  return { label: `${name} = ${value.label}`, json: replaceAt(base, path, value.json) as string };
}

function addKey(random: Random, base: unknown, path: Path, loot: Loot): Mutation {
  const key = random.pick(UNKNOWN_KEYS);
  const value = anyValue(random, loot);
  const inside = at(base, path);
  const changed = replaceAt(inside, [], undefined, [`${JSON.stringify(key)}:${value.json}`]) as string;
  return {
    label: `${path.join(".")} with ${key || '""'} = ${value.label}`,
    json: replaceAt(base, path, changed) as string,
  };
}

/** Replaces the value of every place. */
export function replaceAll(random: Random, base: object, loot: Loot): Mutation {
  const members = Object.keys(base).map((key): [string, Value] => [key, anyValue(random, loot)]);
  return {
    label: members.map(([key, { label }]) => `${key} = ${label}`).join(", "),
    json: `{${members.map(([key, { json }]) => `${JSON.stringify(key)}:${json}`).join(",")}}`,
  };
}
