// Reads what a service's answer says about phones: which are on a do-not-call or a litigators' list.
import { ExternalError } from "../external/external-error.ts";
import { parsePhone } from "../sms/parse-phone.ts";
import { readPath } from "./read-path.ts";

export type ScrubResult = "clean" | "dnc" | "litigator";

export interface ScrubMap {
  /** Where the list of phones is; if left out, the answer itself is the list. */
  results?: string;
  phone: string;
  dnc?: string;
  litigator?: string;
  /** The answer names only phones that are on a list: those it does not name are clean. */
  hits_only?: boolean;
}

/**
 * Phones that were not asked about are left out.
 * @returns the result of each phone in E.164; a phone that the answer does not name is missing, unless hits_only makes it clean
 * @throws ExternalError retry if there is no list, refused if a value is neither yes nor no
 */
export function mapScrub(answer: unknown, map: ScrubMap, asked: readonly string[]): Map<string, ScrubResult> {
  const list = map.results === undefined ? answer : readPath(answer, map.results);
  if (!Array.isArray(list)) throw new ExternalError("retry", "Its answer has no list of phones.");
  if (list.length > MAX_ENTRIES)
    throw new ExternalError("retry", `Its answer lists more than ${MAX_ENTRIES} phones.`);
  const wanted = new Set(asked);
  const results = new Map<string, ScrubResult>(map.hits_only ? asked.map((e164) => [e164, "clean"]) : []);
  for (const entry of list) {
    const phone = readPath(entry, map.phone);
    const parsed = parsePhone(String(phone ?? "").slice(0, MAX_PHONE_CHARS));
    if (!parsed.ok || !wanted.has(parsed.e164)) continue;
    const isLitigator = map.litigator !== undefined && readFlag("litigator", readPath(entry, map.litigator));
    const isListed = map.dnc !== undefined && readFlag("dnc", readPath(entry, map.dnc));
    const found: ScrubResult = isLitigator ? "litigator" : isListed ? "dnc" : "clean";
    // If the answer names a phone twice, the worse result counts.
    if (WEIGHT[found] >= WEIGHT[results.get(parsed.e164) ?? "clean"]) results.set(parsed.e164, found);
  }
  return results;
}

/** A service is asked about 50 phones at most, and each entry costs parsing. */
const MAX_ENTRIES = 1_000;
const MAX_PHONE_CHARS = 50;
const WEIGHT: Record<ScrubResult, number> = { clean: 0, dnc: 1, litigator: 2 };
const YES = new Set(["true", "1", "yes", "y"]);
const NO = new Set(["false", "0", "no", "n", ""]);

function readFlag(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  const word = typeof value === "object" ? "?" : String(value).trim().toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw new ExternalError("refused", `It answers ${name} by something that is neither yes nor no.`);
}
