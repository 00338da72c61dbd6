// Cursors of lists ordered by time and id, newest first. A cursor says where the previous page ended.
import { AppError } from "./app-error.ts";

export interface Keyset {
  createdAt: string;
  id: string;
}

/** The cursor after a row. */
export function encodeKeyset({ createdAt, id }: Keyset): string {
  return btoa(`${createdAt}|${id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws AppError invalid_input naming `cursor` if it is not one of ours */
export function decodeKeyset(cursor: string): Keyset {
  try {
    const [createdAt = "", id = ""] = atob(cursor.replaceAll("-", "+").replaceAll("_", "/")).split("|");
    // Both go into a PostgREST filter: nothing but a timestamp and an id may pass.
    if (/^[0-9T:.+Z-]{20,40}$/.test(createdAt) && /^[0-9a-f-]{36}$/.test(id)) return { createdAt, id };
  } catch {
    // atob refuses what is not base64. It is answered below, like any other cursor that is not ours.
  }
  throw new AppError("invalid_input", "The cursor is not from this list.", {
    errors: [{ field: "cursor", message: "Send next_cursor of the previous page unchanged." }],
  });
}
