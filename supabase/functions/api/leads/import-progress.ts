// How far an import is, in every name under which the dashboard looks for it.
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { routes } from "../../leads/routes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import type { ImportProgress } from "./schemas.ts";

const rejectionsRoute = routeOf(routes, "GET /import/{id}/rejections");
const SHOWN_ERRORS = 100;

/** What the area says of an import. */
export interface Import {
  id: string;
  status: string;
  file_name: string;
  file_bytes: number;
  progress: number;
  total_rows: number | null;
  processed_rows: number;
  imported_rows: number;
  updated_rows: number;
  duplicate_rows: number;
  rejected_rows: number;
  warning_count: number;
  seconds_left: number | null;
  error_message: string | null;
  created_at: string;
  finished_at: string | null;
}

const STATUSES: Record<string, ImportProgress["status"]> = {
  completed: "completed",
  failed: "failed",
  canceled: "failed",
  undone: "failed",
};

interface Rejection {
  line: number;
  outcome: string;
  field: string | null;
  reason: string;
}

export async function toProgress(ctx: UserContext, of: Import): Promise<ImportProgress> {
  const status = STATUSES[of.status] ?? "processing";
  const percent = Math.round(of.progress * 10_000) / 100;
  const imported = of.imported_rows + of.updated_rows;
  const left = status === "processing" ? of.seconds_left : 0;
  const rejections =
    of.rejected_rows + of.warning_count > 0
      ? await callRoute<ListResult<Rejection>>(ctx, rejectionsRoute, {
          params: { id: of.id },
          query: { limit: SHOWN_ERRORS, outcome: ["rejected", "warning"] },
        })
      : { data: [] };
  return {
    import_id: of.id,
    id: of.id,
    status,
    state: of.status,
    file_name: of.file_name,
    total_rows: of.total_rows,
    processed_rows: of.processed_rows,
    current_row: of.processed_rows,
    successful_imports: imported,
    success_count: imported,
    failed_imports: of.rejected_rows,
    error_count: of.rejected_rows,
    duplicate_skips: of.duplicate_rows,
    warning_count: of.warning_count,
    progress_percentage: percent,
    progress_pct: percent,
    estimated_time_remaining: left,
    eta_seconds: left,
    error_message: of.error_message ?? (of.status === "canceled" ? "The import was canceled." : null),
    errors: rejections.data
      .filter(({ outcome }) => outcome === "rejected")
      .map(({ line, field, reason }) => ({
        row_number: line,
        error_type: "rejected",
        field_name: field,
        message: reason,
        suggested_fix: null,
      })),
    validation_warnings: rejections.data
      .filter(({ outcome }) => outcome === "warning")
      .map(({ line, field, reason }) => `Line ${line}${field ? `, ${field}` : ""}: ${reason}`),
    created_at: of.created_at,
    completed_at: of.finished_at,
  };
}
