// One thing that must hold, and how it is shown.
import type { Screen } from "./screen.ts";

export interface Check {
  name: string;
  ok: boolean;
  /** What was found; shown beside the name, and all of it where the check does not hold. */
  found: string;
  /** Some of what is wrong. */
  wrong?: string[];
}

const SHOWN_WRONGS = 5;

/** Holds when both are the same number. */
export function equal(name: string, ours: number, theirs: number): Check {
  return {
    name,
    ok: ours === theirs,
    found: ours === theirs ? String(ours) : `${ours}, should be ${theirs}`,
  };
}

/** Holds when nothing is wrong. */
export function nothingWrong(name: string, wrong: string[], found = ""): Check {
  return { name, ok: wrong.length === 0, found: wrong.length === 0 ? found : `${wrong.length} wrong`, wrong };
}

export function showChecks(checks: Check[], screen: Screen): void {
  for (const { name, ok, found, wrong = [] } of checks) {
    const line = `${name}${found ? `: ${found}` : ""}`;
    screen.say(`  ${ok ? screen.good("✓") : screen.bad("✗")} ${line}`);
    for (const one of wrong.slice(0, SHOWN_WRONGS)) screen.say(`      ${one}`);
    if (wrong.length > SHOWN_WRONGS) screen.say(`      and ${wrong.length - SHOWN_WRONGS} more`);
  }
}
