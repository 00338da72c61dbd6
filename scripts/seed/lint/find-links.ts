// Finds what phones turn into a link: names under a top-level domain and IP addresses, with or without http; not e-mail addresses.
// private.find_link in SQL follows the same rule; a test compares the two.
import { readTopLevelDomains } from "../data/read-top-level-domains.ts";

const TOP_LEVEL = new Set(readTopLevelDomains());
/**
 * A run of characters that a host or an e-mail address consists of: no blanks, and no punctuation except dot, hyphen and at. A
 * host begins where a run begins.
 */
const RUN =
  /[^\s\p{Cc}\u0021-\u002c\u002f\u003a-\u003f\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+/gu;
const IP_NUMBER = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
const IP = new RegExp(`^(?:${IP_NUMBER}\\.){3}${IP_NUMBER}\\.?$`);
const PATH = /[/?#]\S*/y;
const REST = /\S+/y;

export interface Link {
  text: string;
  /** Lower case, without www. */
  host: string;
}

/** As phones read it: wide and other dots are dots, and characters that can't be seen are none. */
const normalise = (text: string) =>
  text
    .normalize("NFKC")
    .replace(/[\u3002\uff61]/g, ".")
    .replace(/[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g, "");

/** The links of a text in order. Takes linear time on any text. */
export function findLinks(given: string): Link[] {
  const text = normalise(given);
  const links: Link[] = [];
  let at = 0;
  const add = (start: number, end: number) => {
    const link = text.slice(start, end);
    links.push({ text: link, host: hostOf(link) });
    at = end;
  };
  for (;;) {
    RUN.lastIndex = at;
    const run = RUN.exec(text);
    if (!run) return links;
    const runEnd = run.index + run[0].length;
    at = runEnd;
    const scheme = /https?$/i.exec(run[0].slice(-5));
    const schemeStart = scheme && text.startsWith("://", runEnd) ? runEnd - scheme[0].length : -1;
    const hostStart = schemeStart === run.index ? runEnd + 3 : run.index;
    const end = endOfHostAndPath(text, hostStart);
    if (end !== undefined) add(run.index, end);
    // Not the name of a host: take everything up to the next blank.
    const isTold = end !== undefined && end > schemeStart;
    if (schemeStart >= 0 && !isTold && matchAt(REST, text, runEnd + 3)) add(schemeStart, REST.lastIndex);
    at = Math.max(at, runEnd);
  }
}

/** The end of the host that begins at `start`, including its path; undefined if there is no host. */
function endOfHostAndPath(text: string, start: number): number | undefined {
  RUN.lastIndex = start;
  const run = RUN.exec(text);
  const host = run?.index === start ? (run[0].split("@")[0] as string) : "";
  let end = IP.test(host) ? start + host.replace(/\.$/, "").length : undefined;
  let labelEnd = start - 1;
  for (const [n, label] of host.split(".").entries()) {
    if (label === "") break;
    labelEnd += label.length + 1;
    if (n > 0 && TOP_LEVEL.has(label.toLowerCase())) end = labelEnd;
  }
  return end === undefined ? undefined : end + matchAt(PATH, text, end).length;
}

/** The match of a sticky pattern at a position, or an empty string. */
function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

function hostOf(link: string): string {
  return link
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/^www\./, "")
    .replace(/[/?#:][\s\S]*/, "");
}
