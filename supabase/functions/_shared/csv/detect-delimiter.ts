// Finds the delimiter between the cells: comma, semicolon, tab, pipe, caret or tilde; or another sign that parts known names.
import { countKnown, findHeader, HEADER_ROWS } from "./find-header.ts";
import { readRecords } from "./read-records.ts";

export const DELIMITERS = [",", ";", "\t", "|", "^", "~"] as const;

/** The delimiter that splits the first records into the most cells, the same number in each. Comma if none splits them. */
export function detectDelimiter(text: string, isEnd: boolean): string {
  let best = { delimiter: ",", score: 0 };
  for (const delimiter of DELIMITERS) {
    const score = scoreOf(text, delimiter, isEnd);
    if (score > best.score) best = { delimiter, score };
  }
  // Hardly any row is like the first one: that may be a title.
  if (best.score < 1) return delimiterBelowTitle(text, isEnd) ?? unusualDelimiter(text) ?? best.delimiter;
  return best.delimiter;
}

function scoreOf(text: string, delimiter: string, isEnd: boolean): number {
  const { records } = readRecords(text, { delimiter, line: 1, isEnd, maxRecords: 20 });
  const [header] = records;
  const width = header?.problem === undefined ? (header?.cells.length ?? 0) : 0;
  if (width < 2) return 0;
  const same = records.filter(({ cells, problem }) => cells.length === width && !problem).length;
  return (same / records.length) * width;
}

function delimiterBelowTitle(text: string, isEnd: boolean): string | undefined {
  let best: { delimiter: string; width: number } | undefined;
  for (const delimiter of DELIMITERS) {
    const { records } = readRecords(text, { delimiter, line: 1, isEnd, maxRecords: HEADER_ROWS });
    const at = findHeader(records);
    const width = records[at]?.cells.length ?? 0;
    if (at > 0 && width > (best?.width ?? 1)) best = { delimiter, width };
  }
  return best?.delimiter;
}

/** "Owner:Phone:County". Only names that we know show that a colon is no part of a name. */
function unusualDelimiter(text: string): string | undefined {
  const line = /^[^\r\n"]{1,5000}/.exec(text.trimStart())?.[0] ?? "";
  const signs = new Set(line.match(/[^\p{L}\p{N}\s"'()._-]/gu));
  return [...signs].slice(0, 10).find((sign) => sign.length === 1 && countKnown(line.split(sign)) >= 2);
}
