// Finds links in a text: with or without http, not e-mail addresses.

const TOP_LEVEL = new Set(
  "com|net|org|info|biz|io|co|us|mx|ly|me|gl|app|dev|site|online|link|land|homes|house|properties|realty|gov|edu|one|cc|gd|gy|at|id|in|ink|ae|im|st".split(
    "|",
  ),
);
/** What a host, or the address of an e-mail, stands in. A host begins where such a run begins. */
const RUN = /[\w@.-]+/g;
const HOST = /[a-z0-9.-]*/iy;
const PATH = /[/?#]\S*/y;
const REST = /\S+/y;

export interface Link {
  text: string;
  /** Lower case, without www. */
  host: string;
}

/** The links of a text in order. Each character is looked at a few times, whatever the text. */
export function findLinks(text: string): Link[] {
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
    // Whatever is no name of a host: all up to the next blank.
    const isTold = end !== undefined && end > schemeStart;
    if (schemeStart >= 0 && !isTold && matchAt(REST, text, runEnd + 3)) add(schemeStart, REST.lastIndex);
    at = Math.max(at, runEnd);
  }
}

/** Where the host that begins at `start` ends, with the path that follows it at once; undefined where there is none. */
function endOfHostAndPath(text: string, start: number): number | undefined {
  let end: number | undefined;
  let labelEnd = start - 1;
  const labels = matchAt(HOST, text, start).split(".");
  for (const [n, label] of labels.entries()) {
    if (label === "") break;
    labelEnd += label.length + 1;
    const next = labels[n + 1];
    if (n > 0 && TOP_LEVEL.has(label.toLowerCase()) && !(next && /^[a-z]/i.test(next))) end = labelEnd;
  }
  return end === undefined ? undefined : end + matchAt(PATH, text, end).length;
}

/** What a sticky pattern finds at a place, or nothing. */
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
