// Finds what separates the cells: comma, semicolon, tab or pipe.
import { readRecords } from "./read-records.ts";

export const DELIMITERS = [",", ";", "\t", "|"] as const;

/** The delimiter that parts the first records into the most cells, the same number in each. Comma where nothing parts them. */
export function detectDelimiter(text: string, isEnd: boolean): string {
  let best = { delimiter: ",", score: 0 };
  for (const delimiter of DELIMITERS) {
    const score = scoreOf(text, delimiter, isEnd);
    if (score > best.score) best = { delimiter, score };
  }
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
