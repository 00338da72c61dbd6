// What changed between two texts, line by line.

/** Unchanged lines shown around each change. */
const AROUND = 1;

/** @returns removed lines with `-`, added lines with `+`, and a few unchanged lines around them; none if the texts are equal */
export function diffLines(before: string, after: string): string[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const marked = mark(a, b);
  const shown = marked.map((_line, i) =>
    marked.slice(Math.max(0, i - AROUND), i + AROUND + 1).some((line) => !line.startsWith(" ")),
  );
  return marked.flatMap((line, i) => {
    if (shown[i]) return [line];
    // One ellipsis stands for all lines left out between two changes.
    return shown[i - 1] && shown.indexOf(true, i) >= 0 ? ["  …"] : [];
  });
}

/** All lines of both, each with its sign, by the longest common subsequence. */
function mark(a: string[], b: string[]): string[] {
  // common[i][j]: how many lines a from i on and b from j on share.
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [row, next] = [common[i] as Uint16Array, common[i + 1] as Uint16Array];
      row[j] = a[i] === b[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0);
    }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push(`- ${a[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${b[j]}`);
      j += 1;
    }
  }
  return lines;
}
