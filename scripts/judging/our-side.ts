// What a judge reads from our database.
import type { Database } from "../../supabase/functions/_shared/db/database.types.ts";

type Row<T extends keyof Database["public"]["Tables"]> = Database["public"]["Tables"][T]["Row"];
/** The columns of an OurMessage. */
export const MESSAGE_COLUMNS =
  "id, kind, status, from_number, to_number, content, provider_sid, error_code, exempt, classification";
export type OurMessage = Pick<
  Row<"messages">,
  | "id"
  | "kind"
  | "status"
  | "from_number"
  | "to_number"
  | "content"
  | "provider_sid"
  | "error_code"
  | "exempt"
  | "classification"
>;
export type OurAttempt = Pick<Row<"send_attempts">, "id" | "slot_at">;
