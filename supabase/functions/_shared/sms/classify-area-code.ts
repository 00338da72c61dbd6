// Says what a North American area code is: one that we may send to, another country's, or one that a text can't reach.
import { OTHER_AREA_CODES, US_AREA_CODES } from "./nanp-area-codes.generated.ts";

export type AreaCodeKind =
  | "us"
  | "not_us"
  | "toll_free"
  | "premium_rate"
  | "not_textable"
  | "service_code"
  | "unassigned";

const KINDS: AreaCodeKind[] = new Array(1000).fill("unassigned");

// Personal (follow-me), machine-to-machine and government codes have no mobile subscriber behind them.
for (const code of "500 521 522 523 524 525 526 527 528 529 532 533 544 566 577 588 600 700 710".split(" ")) {
  KINDS[Number(code)] = "not_textable";
}
for (const code of "800 833 844 855 866 877 888".split(" ")) KINDS[Number(code)] = "toll_free";
KINDS[900] = "premium_rate";
for (let digit = 2; digit <= 9; digit++) KINDS[digit * 100 + 11] = "service_code";
for (const entry of OTHER_AREA_CODES.split(" ")) KINDS[Number(entry.slice(0, 3))] = "not_us";
for (const code of US_AREA_CODES.split(" ")) KINDS[Number(code)] = "us";

/** The kind of a three-digit area code; `us` includes Puerto Rico and the other territories. */
export function classifyAreaCode(areaCode: string): AreaCodeKind {
  return KINDS[Number(areaCode)] ?? "unassigned";
}
