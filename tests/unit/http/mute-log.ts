// Keeps the log of areas out of the tests' own output, and in a list for tests that check it.
import { afterEach, beforeEach, vi } from "vitest";

/** Call it once at the top of a test file. @returns the lines of the running test, each with its level in front */
export function muteLog(): string[] {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    for (const level of ["info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((line) => void lines.push(`${level}: ${line}`));
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return lines;
}
