// Finds links in a text: with or without http, not e-mail addresses.

const TOP_LEVEL =
  "com|net|org|info|biz|io|co|us|mx|ly|me|gl|app|dev|site|online|link|land|homes|house|properties|realty|gov|edu|one|cc|gd|gy|at|id|in|ink|ae|im|st";
const LINK = new RegExp(
  `(?<![@\\w.-])(?:https?://|www\\.)?(?:[a-z0-9-]+\\.)+(?:${TOP_LEVEL})(?![a-z0-9-]|\\.[a-z])(?:[/?#][^\\s]*)?|https?://[^\\s]+`,
  "gi",
);

export interface Link {
  text: string;
  /** Lower case, without www. */
  host: string;
}

/** The links of a text in order. */
export function findLinks(text: string): Link[] {
  return [...text.matchAll(LINK)].map(([link]) => ({
    text: link,
    host: link
      .toLowerCase()
      .replace(/^https?:\/\//, "")
      .replace(/^www\./, "")
      .replace(/[/?#:][\s\S]*/, ""),
  }));
}
