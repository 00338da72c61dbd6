// What a bench is and what it returns.

/** Options that are whole numbers, by name, each with its meaning and default. */
export type CountOptions = Record<string, { what: string; value: number }>;
export type Counts<O extends CountOptions> = { [name in keyof O]: number };

export interface Figure {
  /** With its unit, such as "messages/s". */
  name: string;
  value: number;
  /** In words, such as "≥ 3000". */
  budget?: string;
  /** Whether the budget is met; undefined if there is none. */
  ok?: boolean;
  /** The same figure of a loop that does the least the job could be done with. */
  bare?: number;
}

export interface Report {
  figures: Figure[];
  /** The fields of the JSON line. */
  result: Record<string, unknown>;
}

export type Say = (line: string) => void;

export interface Bench<O extends CountOptions = CountOptions> {
  name: string;
  /** One line. */
  summary: string;
  options: O;
  run(counts: Counts<O>, say: Say): Promise<Report>;
}

/** Types the options of `run` by name, and drops those names from the type for the list of benches. */
export const defineBench = <O extends CountOptions>(bench: Bench<O>): Bench => bench as unknown as Bench;
