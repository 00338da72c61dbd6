// Shows checks on the screen.
import { type Check, describeChecks } from "../judging/check.ts";
import type { Screen } from "./screen.ts";

export function showChecks(checks: readonly Check[], screen: Screen): void {
  for (const line of describeChecks(checks, (ok) => (ok ? screen.good("✓") : screen.bad("✗"))))
    screen.say(line);
}
