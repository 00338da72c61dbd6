// Which advice of the database advisors stops a check.
import { describe, expect, it } from "vitest";
import { type Advice, judgeAdvice } from "../../../scripts/check/accepted-advice.ts";

const advice = (cacheKey: string, level: Advice["level"] = "INFO"): Advice => ({
  level,
  cacheKey,
  detail: "So it is.",
});
const reason = "Because.";

describe("advice", () => {
  it("passes if all of it is INFO and on the list", () => {
    const list = [
      { advice: "unused_index_*", reason },
      { advice: "unindexed_foreign_keys_public_a_b", reason },
    ];
    const said = [
      advice("unused_index_public_x"),
      advice("unused_index_y"),
      advice("unindexed_foreign_keys_public_a_b"),
    ];
    expect(judgeAdvice(said, list)).toEqual([]);
  });

  it("stops if it is not on the list, and an exact entry does not accept a longer name", () => {
    const list = [{ advice: "unindexed_foreign_keys_public_a_b", reason }];
    const said = [advice("unindexed_foreign_keys_public_a_b"), advice("unindexed_foreign_keys_public_a_bc")];
    expect(judgeAdvice(said, list)).toEqual(["INFO unindexed_foreign_keys_public_a_bc: So it is."]);
  });

  it.each(["WARN", "ERROR"] as const)("stops if it is %s, on the list or not", (level) => {
    const complaints = judgeAdvice(
      [advice("rls_disabled_in_public_t", level)],
      [{ advice: "rls_disabled_*", reason }],
    );
    expect(complaints).toEqual([`${level} rls_disabled_in_public_t: So it is.`]);
  });

  it("stops if the list accepts advice that is not given, or has no reason", () => {
    const list = [
      { advice: "gone_*", reason },
      { advice: "unused_index_*", reason: " " },
    ];
    expect(judgeAdvice([advice("unused_index_x")], list)).toEqual([
      "supabase/advisors-accepted.json: gone_* is not said any more: remove it",
      "supabase/advisors-accepted.json: unused_index_* has no reason",
    ]);
  });
});
