// The options of the bench of planning.
import type { Counts } from "../report/bench-types.ts";

export const options = {
  messages: { what: "messages a run", value: 20_000 },
  connections: { what: "connections, each of which plans, claims and settles", value: 2 },
  batch: { what: "messages a claim", value: 100 },
  orgs: { what: "organisations", value: 2 },
  campaigns: { what: "running campaigns of each organisation", value: 2 },
  numbers: { what: "phone numbers of each organisation", value: 10 },
  history: { what: "messages that each organisation sent before", value: 50_000 },
  runs: { what: "runs, of which the median counts", value: 3 },
  durable: { what: "1: a commit waits for the disk; 0: it does not", value: 1 },
  statements: { what: "lists so many of the costliest inner statements, which slows everything", value: 0 },
};
export type PlanCounts = Counts<typeof options>;
