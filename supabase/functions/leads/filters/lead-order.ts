// The orders a list of leads may have, and the cursors that lead to the next page of one.
import { z } from "zod";
import { validationError } from "../../_shared/http/app-error.ts";

export const orderFields = {
  sort_by: z
    .enum(["created_at", "name", "score"])
    .default("created_at")
    .describe("name: by last, then first name; score: hot, warm, cold if descending"),
  sort_order: z.enum(["asc", "desc"]).optional().describe("By default desc, but asc if sorted by name"),
};
export type LeadOrder = z.output<z.ZodObject<typeof orderFields>>;

export function isDescending({ sort_by, sort_order }: LeadOrder): boolean {
  return sort_order === undefined ? sort_by !== "name" : sort_order === "desc";
}

/** @param next the values from which search_leads continues; null after the last page */
export function encodeCursor(order: LeadOrder, next: string[] | null): string | null {
  if (next === null) return null;
  const bytes = new TextEncoder().encode(JSON.stringify([order.sort_by, isDescending(order), next]));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws AppError invalid_input for a cursor that this list did not give, or gave for another order */
export function decodeCursor(order: LeadOrder, cursor: string): string[] {
  let read: unknown;
  try {
    const text = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    read = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  } catch {
    read = undefined;
  }
  const parsed = z.tuple([z.string(), z.boolean(), z.array(z.string())]).safeParse(read);
  const isOurs = parsed.success && parsed.data[0] === order.sort_by && parsed.data[1] === isDescending(order);
  if (!isOurs) {
    throw validationError([
      { field: "cursor", message: "Send next_cursor of the previous page unchanged, with the same order." },
    ]);
  }
  return parsed.data[2];
}
