// Helpers for the Markdown of the schema's pages.
import type { Line } from "./relation-parts.ts";

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** A code span that may hold backticks. */
export function code(text: string): string {
  const line = oneLine(text);
  if (!line.includes("`")) return `\`${line}\``;
  const longest = Math.max(...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence} ${line} ${fence}`;
}

/** A comment of the database as text: Markdown and HTML syntax in it is escaped. */
export function prose(text: string): string {
  return oneLine(text).replace(/[\\`*[\]<>|]|(?<!\w)_|_(?!\w)/g, "\\$&");
}

export function listItem({ code: text, comment }: Line): string {
  return `- ${code(text)}${comment ? ` ${prose(comment)}` : ""}`;
}

/** A bold title above a list; nothing if the list is empty. */
export function titledList(title: string, lines: Line[]): string[] {
  return lines.length === 0 ? [] : [`**${title}**`, lines.map(listItem).join("\n")];
}

export function fenced(language: string, text: string): string {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
  return [`\`\`\`${language}`, ...lines, "```"].join("\n");
}

/** The anchor of a heading by GitHub's rule, for headings that are only names. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}
