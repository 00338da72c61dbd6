// One condition that must hold, and how it is shown.

export interface Check {
  name: string;
  ok: boolean;
  /** What was found; shown beside the name, in full if the check does not hold. */
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

/** Lines about checks, each with some of what is wrong. @param mark text before a check's name */
export function describeChecks(
  checks: readonly Check[],
  mark: (ok: boolean) => string = (ok) => (ok ? "✓" : "✗"),
): string[] {
  return checks.flatMap(({ name, ok, found, wrong = [] }) => [
    `  ${mark(ok)} ${name}${found ? `: ${found}` : ""}`,
    ...wrong.slice(0, SHOWN_WRONGS).map((one) => `      ${one}`),
    ...(wrong.length > SHOWN_WRONGS ? [`      and ${wrong.length - SHOWN_WRONGS} more`] : []),
  ]);
}
