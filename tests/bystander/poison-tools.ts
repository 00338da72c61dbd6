// Tools for poisons: the stranger's admin, by REST and functions, and what poisons have in common.
import type { Random } from "../../scripts/demo/random.ts";
import { mutate, mutateLeaf } from "./mutate.ts";
import { type Answer, type Sent, send } from "./send.ts";
import type { Caller } from "./targets.ts";
import type { World } from "./world.ts";

/** @returns a description of what was stored; undefined if it was refused */
export type Store = (tools: PoisonTools) => Promise<string | undefined>;

export class PoisonTools {
  private readonly admin: Caller;

  constructor(
    readonly world: World,
    readonly random: Random,
    /** Called with every answer. */
    private readonly judge: (call: Sent & { label: string }, answer: Answer) => void,
    /** A service of the stranger's that misbehaves. */
    readonly serviceUrl: string,
    /** Changes nothing: shows that the unchanged input is accepted. */
    private readonly isPlain = false,
  ) {
    this.admin = world.callers.find(({ name }) => name === "admin") as Caller;
  }

  /** Changed in one place, or in two. */
  odd(base: object): { label: string; json: string } {
    if (this.isPlain) return { label: "valid", json: JSON.stringify(base) };
    const leaf = this.random.next() < 0.6;
    const once = (leaf ? mutateLeaf : mutate)(this.random, base, this.world.loot);
    if (this.random.next() < 0.7) return once;
    try {
      const twice = mutate(this.random, JSON.parse(once.json), this.world.loot);
      return { label: `${once.label}; ${twice.label}`, json: twice.json };
    } catch {
      return once;
    }
  }

  rpc(name: string, json: string, label: string): Promise<Answer> {
    return this.ask("POST", `/rest/v1/rpc/${name}`, json, label);
  }

  async ask(
    method: string,
    path: string,
    body: string | undefined,
    label: string,
    type = "application/json",
  ): Promise<Answer> {
    const call = {
      method,
      path,
      body,
      label,
      headers: { ...this.admin.headers, "content-type": type, prefer: "return=representation" },
    };
    const answer = await send(this.world.stack.API_URL, call);
    this.judge(call, answer);
    return answer;
  }
}

export const isTaken = ({ status }: Answer) => status >= 200 && status < 300;
export const wrap = (name: string, json: string, more = "") => `{${more}"${name}":${json}}`;
export const read = ({ text }: Answer) => JSON.parse(text);

export const filterOf = ({ stranger: { row } }: World) => ({
  search: "rosa",
  counties: ["Travis"],
  states: ["TX"],
  cities: ["Austin"],
  zips: ["78701"],
  statuses: ["new", "contacted"],
  scores: ["cold"],
  sources: ["import"],
  tags: { any: ["A"], all: ["B"], none: ["C"] },
  consent: ["unknown"],
  languages: ["es"],
  property_types: ["land"],
  line_types: ["mobile", "not_looked_up"],
  acreage: { from: 0, to: 100 },
  estimated_value: { from: 0, to: 1e6 },
  contacted: "never",
  not_contacted_days: 30,
  replied: false,
  created: { from: "2020-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" },
  custom_fields: { Grade: "x" },
  segment_ids: [row.segments?.id],
});

/** A segment's own filter names none. */
export const withoutSegments = ({ segment_ids: _none, ...filter }: ReturnType<typeof filterOf>) => filter;

export const few = (random: Random, all: Record<string, unknown>, count: number) =>
  Object.fromEntries(random.shuffle(Object.entries(all)).slice(0, count));

export async function storeOwn(
  tools: PoisonTools,
  name: string,
  argument: string | null,
  base: object,
  more = "",
): Promise<string | undefined> {
  const { label, json } = tools.odd(base);
  const answer = await tools.rpc(name, argument ? wrap(argument, json, more) : json, label);
  return isTaken(answer) ? `${name}: ${label}` : undefined;
}

/** People of the stranger's, so that there is somebody to write to. */
export async function addPeople({ world, random }: PoisonTools, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++)
    ids.push(
      (await world.stranger.addLead({ first_name: "Rosa", last_name: `Owner ${random.below(1_000)}` })).id,
    );
  return ids;
}
