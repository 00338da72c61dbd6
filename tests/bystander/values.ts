// Values that break code which trusts its input. Each is JSON text, since many can't be JavaScript values.
import type { Random } from "../../scripts/demo/random.ts";

export interface Value {
  /** Its name in a report. */
  label: string;
  /** Its text in a JSON document; not always valid JSON. */
  json: string;
}

/** What a stranger may know of others: their ids and phones. */
export interface Loot {
  ids: string[];
  phones: string[];
}

const text = (label: string, value: string): Value => ({ label, json: JSON.stringify(value) });
const raw = (label: string, json: string): Value => ({ label, json });
const long = (length: number, part = "x") => part.repeat(Math.ceil(length / part.length)).slice(0, length);

const NUMBERS: readonly Value[] = [
  "0",
  "-0",
  "-1",
  "1",
  "0.1",
  "1e-400",
  "1e15",
  "1e16",
  "1e308",
  "1e309",
  "1e400",
  "-1e308",
  "1e131071",
  "1e131072",
  "1e-16383",
  "32767",
  "32768",
  "2147483647",
  "2147483648",
  "-2147483649",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775809",
]
  .map((number) => raw(number, number))
  .concat(
    raw("a number of 1,000 digits", long(1_000, "9")),
    raw("bare NaN", "NaN"),
    raw("bare Infinity", "Infinity"),
  );

/** Numbers as text, which Postgres also accepts as numbers. */
const NUMBER_TEXTS: readonly Value[] = [
  "NaN",
  "Infinity",
  "-Infinity",
  "inf",
  "nan",
  "1e131071",
  "-1",
  "0x10",
  "1_000",
  "１２",
  "1,5",
].map((value) => text(`"${value}"`, value));

const TIMES: readonly Value[] = [
  "infinity",
  "-infinity",
  "epoch",
  "now",
  "0001-01-01 BC",
  "294276-12-31T23:59:59Z",
  "294277-01-01",
  "5874897-12-31",
  "2026-02-30",
  "24:00",
  "24:00:01",
  "-01:00",
  "2026-01-01T00:00:00+99:99",
  "P99999999Y",
  "Foo/Bar",
  "posixrules",
  "America/Chicago\u0000",
  "<+99>99",
  "UTC+167",
].map((value) => text(`time "${value}"`, value));

const LENGTHS = [
  1, 40, 41, 100, 101, 200, 201, 255, 256, 500, 501, 1_000, 1_001, 2_000, 2_001, 10_000, 131_072, 1_000_000,
];

const TEXTS: readonly Value[] = [
  ...[
    "",
    " ",
    "..",
    ".",
    "../../../../bucket/exports/empty",
    "%2e%2e%2f%2e%2e%2fexports",
    "..%5c..%5c",
    "/etc/passwd",
  ].map((v) => text(`"${v}"`, v)),
  ...[
    "\r\nX-Evil: 1\r\n\r\n",
    "a\nb",
    "\u0000",
    "a\u0000b",
    "\u2028\u2029",
    "\ufeff",
    "\uffff",
    "\u202e\u2066abc\u2069",
  ].map((v) => text(JSON.stringify(v), v)),
  raw("lone high surrogate", '"\\ud800"'),
  raw("lone low surrogate", '"a\\udc00b"'),
  raw("surrogates swapped", '"\\udc00\\ud800"'),
  raw("escaped NUL", '"\\u0000"'),
  text("combining marks", `a${long(5_000, "\u0301")}`),
  text("joined emoji", long(2_000, "👩‍👩‍👧‍👦")),
  text("Arabic ligatures that grow when normalised", long(1_000, "ﷺ")),
  ...[
    "'; drop table public.orgs; --",
    "$$;select pg_sleep(9)$$",
    "eq.1",
    "in.(1,2)",
    "not.is.null",
    "*",
    "%",
    "_",
    "\\",
    "(a,b)",
    '{"a":1}',
    "{a,b}",
    "{",
    "}",
    "[",
    '"',
    "`",
    "a:*&!b",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "＝1+1",
    "\t=1+1",
    "{{first_name}}",
    "{first_name|{last_name}}",
    "{",
    "{{{{{{",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "toString",
    "null",
    "undefined",
    "true",
    "org_id",
  ].map((v) => text(`"${v}"`, v)),
  text("50,000 spaces and a letter", `${long(50_000, " ")}x`),
  text("50,000 separators", long(50_000, "-,")),
  text("50,000 digits", long(50_000, "1")),
  text("20,000 slashes", long(20_000, "1/")),
  text("10,000 words", long(60_000, "garza ")),
  text("20,000 open brackets", long(20_000, "(")),
  text("20,000 braces", long(20_000, "{a|")),
  text("backtracking", `${long(30_000, "a")}!`),
  ...LENGTHS.map((length) => text(`text of ${length}`, long(length))),
  ...LENGTHS.filter((length) => length <= 10_000).map((length) =>
    text(`text of ${length} emoji`, long(length * 2, "😀")),
  ),
];

const PHONES: readonly Value[] = [
  "+12145550100",
  "+1",
  "+",
  "+0000000000",
  "+999999999999999",
  "+1214555010",
  "12145550100",
  "+1(214)5550100",
  "tel:+12145550100",
  "+١٢١٤٥٥٥٠١٠٠",
  "911",
].map((value) => text(`phone ${value}`, value));

const IDS: readonly Value[] = [
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "{00000000-0000-0000-0000-000000000001}",
  "00000000000000000000000000000001",
  "not-a-uuid",
].map((value) => text(`id ${value}`, value));

const deep = (levels: number, open: string, shut: string) => open.repeat(levels) + shut.repeat(levels);
const list = (count: number, item: (n: number) => string) =>
  `[${Array.from({ length: count }, (_, n) => item(n)).join(",")}]`;
const idAt = (n: number) => `"00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}"`;

const SHAPES: readonly Value[] = [
  ...[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "[{}]",
    '{"":null}',
    "[[[1]]]",
    "[[1],[1,2]]",
  ].map((json) => raw(json, json)),
  raw("an own __proto__", '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}'),
  raw("names of Object's own", '{"toString":null,"hasOwnProperty":1,"length":1e9}'),
  raw("the same key twice", '{"a":1,"a":{"b":2}}'),
  raw("a key with NUL", '{"a\\u0000b":1}'),
  raw("a lone surrogate as key", '{"\\ud800":1}'),
  raw("200 levels of lists", deep(200, "[", "]")),
  raw("5,000 levels of lists", deep(5_000, "[", "]")),
  raw("3,000 levels of objects", `${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`),
];

/** Big ones are made when they are drawn. */
const HUGE: readonly (() => Value)[] = [
  () => raw("100,000 numbers", list(100_000, String)),
  () => raw("100,000 ids", list(100_000, idAt)),
  () => raw("10,001 ids", list(10_001, idAt)),
  () => raw("10,000 ids", list(10_000, idAt)),
  () =>
    raw(
      "1,001 texts",
      list(1_001, (n) => `"t${n}"`),
    ),
  () =>
    raw(
      "100,000 texts",
      list(100_000, (n) => `"t${n}"`),
    ),
  () =>
    raw(
      "the same id 20,000 times",
      list(20_000, () => idAt(1)),
    ),
  () =>
    raw(
      "100,000 nulls",
      list(100_000, () => "null"),
    ),
  () =>
    raw(
      "100,000 empty objects",
      list(100_000, () => "{}"),
    ),
  () =>
    raw(
      "an object of 20,000 keys",
      `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":${n}`).join(",")}}`,
    ),
  () => raw("100,000 levels of lists", deep(100_000, "[", "]")),
  () =>
    raw(
      "12,000 texts of 60",
      list(12_000, (n) => `"${long(60, `column ${n} `)}"`),
    ),
];

/** Values that once passed a check that should have refused them are drawn more often. */
const LIKELY_NUMBERS: readonly Value[] = [
  ...["NaN", "Infinity", "-Infinity"].map((value) => text(`"${value}"`, value)),
  ...["0", "-1", "1e308", "1e-300"].map((number) => raw(number, number)),
];
const LIKELY_TEXTS: readonly Value[] = [
  ...["", "banana", "..", "x/../../../../bucket/imports/empty", "%2e%2e/%2e%2e", "a\u0000b", "NaN"].map(
    (value) => text(`"${value}"`, value),
  ),
  raw("lone high surrogate", '"\\ud800"'),
];

/** Any value, for any place. */
export function anyValue(random: Random, loot: Loot): Value {
  const roll = random.next();
  if (roll < 0.1) return lootValue(random, loot);
  if (roll < 0.2) return (random.pick(HUGE) as () => Value)();
  if (roll < 0.35) return random.pick(SHAPES);
  if (roll < 0.5) return random.pick([...NUMBERS, ...NUMBER_TEXTS]);
  if (roll < 0.6) return random.pick([...TIMES, ...PHONES, ...IDS]);
  return random.pick(TEXTS);
}

/** Mostly a value of the same kind, since those get furthest. @param before the value it replaces */
export function valueLike(random: Random, before: unknown, loot: Loot): Value {
  if (random.next() < 0.25) return anyValue(random, loot);
  if (typeof before === "number")
    return random.pick(random.next() < 0.75 ? LIKELY_NUMBERS : [...NUMBERS, ...NUMBER_TEXTS]);
  if (typeof before === "boolean")
    return random.pick([
      text('"banana"', "banana"),
      text('""', ""),
      ...SHAPES.slice(0, 4),
      text('"true"', "true"),
      raw("1", "1"),
    ]);
  if (Array.isArray(before))
    return random.next() < 0.5 ? (random.pick(HUGE) as () => Value)() : random.pick(SHAPES);
  if (typeof before !== "string") return random.pick(SHAPES);
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(before))
    return random.next() < 0.6 ? lootValue(random, loot) : random.pick(IDS);
  if (/^\+\d+$/.test(before))
    return random.pick([
      ...PHONES,
      ...loot.phones.slice(0, 5).map((phone) => text("a phone of hers", phone)),
    ]);
  if (/^\d{4}-\d\d-\d\d|^\d\d:\d\d/.test(before)) return random.pick(TIMES);
  return random.pick(random.next() < 0.5 ? LIKELY_TEXTS : TEXTS);
}

function lootValue(random: Random, { ids, phones }: Loot): Value {
  return random.next() < 0.8 && ids.length > 0
    ? text("an id of hers", random.pick(ids))
    : text("a phone of hers", random.pick(phones.length > 0 ? phones : ["+12145550100"]));
}

/** A text for a place that can only have text, such as a path or a query. */
export function anyText(random: Random, loot: Loot): { label: string; value: string } {
  const roll = random.next();
  const pool =
    roll < 0.2
      ? undefined
      : roll < 0.4
        ? [...NUMBERS, ...NUMBER_TEXTS]
        : roll < 0.55
          ? [...TIMES, ...IDS, ...PHONES]
          : TEXTS;
  const { label, json } = pool ? random.pick(pool) : lootValue(random, loot);
  return { label, value: json.startsWith('"') ? (JSON.parse(json) as string) : json };
}
