// Writes a list over as many lines as it needs.

const WIDTH = 100;

/** @returns lines of about 100 characters, the first after `label`, the others below it; none for an empty list */
export function wrapList(label: string, items: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "";
  for (const item of items) {
    if (line !== "" && label.length + line.length + item.length > WIDTH) {
      lines.push(`${line},`);
      line = "";
    }
    line += line === "" ? item : `, ${item}`;
  }
  if (line !== "") lines.push(line);
  return lines.map((text, i) => (i === 0 ? label : " ".repeat(label.length)) + text);
}
