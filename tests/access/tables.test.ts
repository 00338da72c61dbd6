// Every table and view of schema public, over REST: each verb by every kind of caller, on rows of its own organisation and
// another.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { hasRank, type Role } from "../../supabase/functions/_shared/http/roles.ts";
import { type Actor, buildWorld, type World } from "./build-world.ts";
import type { Side } from "./fill-org.ts";
import { readTables } from "./read-catalog.ts";
import { ROWS, type Row } from "./rows.ts";
import { type Rule, TABLES, type TableExpectation, VERBS, type Verb } from "./tables.ts";

const stack = inject("stack");
const found = await readTables(stack);

let world: World;
beforeAll(async () => {
  world = await buildWorld(stack);
});
afterAll(() => world?.close());

it("has an expectation and a recipe for every table, and a table for every expectation and recipe", () => {
  const names = found.map(({ name }) => name);
  expect(Object.keys(TABLES).sort()).toEqual(names);
  expect(Object.keys(ROWS).sort()).toEqual(names);
});

const ruleOf = (rule: Rule | undefined) => (typeof rule === "string" ? { role: rule } : rule);

describe.each(found)("$name", ({ name, key, columns }) => {
  const expectation = (TABLES[name] ?? { service: [] }) as TableExpectation;
  const owner = ROWS[name]?.owner === undefined ? "org_id" : ROWS[name].owner;
  const allowedColumns = (verb: Verb) => {
    const rule = ruleOf(expectation[verb]);
    return rule && "columns" in rule ? rule.columns : columns;
  };
  const may = (actor: Actor, verb: Verb) => {
    const rule = ruleOf(expectation[verb]);
    return rule !== undefined && actor.role !== undefined && hasRank(actor.role as Role, rule.role);
  };
  // A day is read as a Date, which REST can't read back.
  const plain = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
  const keyOf = (row: Row) => Object.fromEntries(key.map((column) => [column, plain(row[column])]));
  const rowOf = (side: Side) => side.row[name] as Row;
  const shown = () => allowedColumns("select").join(",");
  /** The rows of both organisations as one value; for a table without owners, the one row that is tried. */
  const fingerprint = async () => {
    const { sql, ours, theirs } = world;
    const [row] = await sql`
      select count(*)::int as rows, md5(string_agg(t::text, '|' order by t::text)) as md5 from ${sql(`public.${name}`)} t
      where ${owner ? sql`${sql(owner)} in (${ours.id}, ${theirs.id})` : sql`t.id = ${rowOf(ours).id}`}`;
    return row;
  };
  /** A harmless change, for tables where no change is allowed: even this one must be refused. */
  const patchFor = (side: Side) =>
    expectation.patch ?? (owner ? { [owner]: side.id } : { source: rowOf(side).source });
  /** The row with the other organisation as owner: ours given away, theirs taken. */
  const handOver = (side: Side) => ({
    [owner ?? "source"]: side === world.ours ? world.theirs.id : world.ours.id,
  });
  const attempt = async (actor: Actor, verb: Verb | "hand over", side: Side) => {
    const table = actor.client.from(name);
    const where = keyOf(rowOf(side));
    const { data, error, status } = await (verb === "select"
      ? table.select(shown()).match(where)
      : verb === "insert"
        ? table.insert(only(side.fresh(name), allowedColumns("insert")))
        : verb === "update" || verb === "hand over"
          ? table
              .update(verb === "update" ? patchFor(side) : handOver(side))
              .match(where)
              .select(shown())
          : table.delete().match(where).select(shown()));
    if (error) return status === actor.refusal ? "denied" : `failed: ${status} ${JSON.stringify(error)}`;
    return verb === "insert" ? "1 rows" : `${(data as unknown[]).length} rows`;
  };

  it("shows its rows only to the expected roles, and another organisation's to nobody", async () => {
    const shared = expectation.platformRows && owner === null;
    const belongs = (row: Row) =>
      !owner || row[owner] === world.ours.id || (row[owner] === null && expectation.platformRows);
    const look = async (actor: Actor) => {
      const [all, own, other] = await Promise.all([
        actor.client.from(name).select(shown()),
        attempt(actor, "select", world.ours),
        attempt(actor, "select", world.theirs),
      ]);
      const rows = (all.data ?? []) as unknown as Row[];
      const strange = may(actor, "select") ? rows.filter((row) => !belongs(row)).length : rows.length;
      const isShut = [own, other].every((outcome) => ["denied", "0 rows"].includes(outcome));
      return { name: actor.name, outcome: isShut ? "shut" : `own ${own}, other ${other}`, strange };
    };
    const open = `own 1 rows, other ${shared ? 1 : 0} rows`;
    expect(await Promise.all(world.actors.map(look))).toEqual(
      world.actors.map((actor) => ({
        name: actor.name,
        outcome: may(actor, "select") ? open : "shut",
        strange: 0,
      })),
    );
  });

  it("changes nothing for other roles, in their own organisation or another", async () => {
    const before = await fingerprint();
    const attempts = world.actors.flatMap((actor) =>
      (["insert", "update", "hand over", "delete"] as const).flatMap((verb) =>
        [world.ours, world.theirs]
          .filter((side) => side === world.theirs || verb === "hand over" || !may(actor, verb))
          .map(async (side) => {
            const outcome = await attempt(actor, verb, side);
            const where = side === world.ours ? "own" : "other";
            // Rows that a policy hides are not there to be changed; a new row is refused.
            const fine = verb === "insert" ? ["denied"] : ["denied", "0 rows"];
            return fine.includes(outcome) ? [] : [`${actor.name} ${verb} ${where}: ${outcome}`];
          }),
      ),
    );
    expect((await Promise.all(attempts)).flat()).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  });

  const changing = (["insert", "update", "delete"] as const).filter((verb) => expectation[verb]);
  if (changing.length > 0)
    it("lets the expected roles change it", async () => {
      for (const actor of world.actors) {
        for (const verb of changing) {
          if (may(actor, verb)) expect(await tryOwn(actor, verb), `${actor.name} ${verb}`).toBe("1 rows");
        }
      }
    });
  async function tryOwn(actor: Actor, verb: Verb): Promise<string> {
    if (verb !== "delete") return await attempt(actor, verb, world.ours);
    const { sql, ours } = world;
    const [row] = await sql`insert into ${sql(`public.${name}`)} ${sql([ours.fresh(name)])} returning *`;
    const { data, error } = await actor.client
      .from(name)
      .delete()
      .match(keyOf(row as Row))
      .select(shown());
    return error ? JSON.stringify(error) : `${data.length} rows`;
  }

  if (expectation.platformRows && owner)
    it("lets nobody create, change or remove a row of the platform", async () => {
      const outcomes = await Promise.all(
        world.actors.flatMap(({ name: who, client }) => {
          const table = () => client.from(name);
          const attempts = {
            insert: table()
              .insert({ ...world.ours.fresh(name), [owner]: null })
              .select(shown()),
            update: table().update(patchFor(world.ours)).is(owner, null).select(shown()),
            "take over": table()
              .update({ [owner]: world.ours.id })
              .is(owner, null)
              .select(shown()),
            delete: table().delete().is(owner, null).select(shown()),
          };
          return Object.entries(attempts).map(async ([what, attempt]) => {
            const { data } = await attempt;
            return data?.length ? [`${who}: ${what}`] : [];
          });
        }),
      );
      expect(outcomes.flat()).toEqual([]);
    });

  const limited = VERBS.filter((verb) => typeof expectation[verb] === "object" && verb !== "delete");
  if (limited.length > 0)
    it("refuses every other column, for admins too", async () => {
      const { client } = world.actor("admin");
      const before = await fingerprint();
      for (const verb of limited) {
        for (const column of columns.filter((one) => !allowedColumns(verb).includes(one))) {
          const value = rowOf(world.ours)[column];
          const where = keyOf(rowOf(world.ours));
          const { error } = await (verb === "select"
            ? client.from(name).select(column)
            : verb === "insert"
              ? client
                  .from(name)
                  .insert({ ...only(world.ours.fresh(name), allowedColumns(verb)), [column]: value })
              : client
                  .from(name)
                  .update({ [column]: value })
                  .match(where));
          expect(error?.code, `${verb} of ${column}`).toBe("42501");
        }
      }
      expect(await fingerprint()).toEqual(before);
    });
});

function only(row: Row, columns: string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => columns.includes(column)));
}
