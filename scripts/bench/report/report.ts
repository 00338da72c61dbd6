// A bench's figures as a table for people.
import type { Figure, Report, Say } from "./bench-types.ts";

export function printReport({ figures }: Report, say: Say): void {
  const rows = [["figure", "value", "budget", "bare loop", "of bare", ""], ...figures.map(row)];
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((cells) => (cells[column] ?? "").length)),
  );
  say("");
  for (const cells of rows)
    say(
      cells
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    );
}

function row({ name, value, budget = "", bare, ok }: Figure): string[] {
  const share = bare === undefined ? "" : `${Math.round((value / bare) * 100)} %`;
  return [
    name,
    tidy(value),
    budget,
    bare === undefined ? "" : tidy(bare),
    share,
    ok === undefined ? "" : ok ? "ok" : "NOT MET",
  ];
}

const tidy = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** A figure that must reach its budget. */
export const atLeast = (name: string, value: number, budget: number, bare?: number): Figure => ({
  name,
  value,
  budget: `≥ ${budget}`,
  ok: value >= budget,
  bare,
});

/** A figure that may not exceed its budget. */
export const atMost = (name: string, value: number, budget: number, bare?: number): Figure => ({
  name,
  value,
  budget: `≤ ${budget}`,
  ok: value <= budget,
  bare,
});
