// How the rows of a file are read, and the phones that come of it.
import type { PHONE_ROLES } from "../leads/lead-values.ts";
import type { ImportField } from "./import-fields.ts";
import type { FlagPlan, PhonePlan } from "./plan-phones.ts";

/** The columns of a file with the field each goes to. */
export interface RowPlan {
  columns: string[];
  fields: ImportField[];
  /** Whether the field of the column holds numbers. */
  isNumber: boolean[];
  tags: string[];
  /** Whether names and places that are in capitals stay so. */
  keepCase: boolean;
  /** Which tags each row gets automatically. The month's tag is the same for all rows, so it is one of the import's tags. */
  autoTags: { geographic: boolean; property: boolean };
  /** Whether the file has the state of the land; if not, the mailing state is used with the county. */
  hasPropertyState: boolean;
  /** The columns with phones, in the order they are tried. */
  phones: PhonePlan[];
  /** Columns of words about the person, which count for all their phones. */
  leadFlags: FlagPlan[];
  /** The column of the mailing state; -1 if there is none. */
  stateIndex: number;
}

export interface RowPhone {
  e164: string;
  role: (typeof PHONE_ROLES)[number];
  /** The name of its column. */
  field: string;
  line_type?: string;
  /** Set if the file says it of this phone; the lead's other phones may differ. */
  consent_status?: "denied" | "granted";
  /** Why the file says that texts don't reach the person at this phone. */
  invalid_reason?: "wrong_number" | "inactive" | "reassigned";
}
