// Imports a file that the dashboard's dialog sends, and tells how far an import is.
import type { UserContext } from "../../_shared/http/context.ts";
import { readBytes } from "../../_shared/http/read-body.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { toAppError } from "../../_shared/http/to-app-error.ts";
import { routes } from "../../leads/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { readImportFields } from "./read-import-fields.ts";
import type { ImportProgress } from "./schemas.ts";

export const importRoute = routeOf(routes, "POST /import/execute");
export const progressRoute = routeOf(routes, "GET /import/{id}");
const rejectionsRoute = routeOf(routes, "GET /import/{id}/rejections");

/** The dialog asks the list for the new leads as soon as it has an answer, and not again: small files are best done by then. */
const SMALL_BYTES = 1_000_000;
const WAIT_MS = 5_000;
const LOOK_MS = 200;
/** A second try of the same person within this time is the same upload, not a repeated import. */
const REPEAT_MS = 60_000;
const MAX_JSON_BYTES = 10_485_760;
const SHOWN_ERRORS = 100;

interface Import {
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

/** @throws AppError what the area's import throws; 422 for the JSON that the dashboard's client makes of a File */
export async function importLeads(ctx: UserContext) {
  const started = await start(ctx);
  let now = started;
  const until = Date.now() + WAIT_MS;
  while (started.file_bytes <= SMALL_BYTES && isUnderWay(now) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    now = await read(ctx, started.id);
  }
  return inBothShapes(await toProgress(ctx, now));
}

export async function readImport(ctx: UserContext, { params }: { params: { id: string } }) {
  return inBothShapes(await toProgress(ctx, await read(ctx, params.id)));
}

async function start(ctx: UserContext): Promise<Import> {
  const request = await readRequest(ctx.request);
  try {
    return (await importRoute.run({ ...ctx, request }, { readFields: readImportFields })) as Import;
  } catch (thrown) {
    const error = toAppError(thrown);
    const before = error.code === "duplicate" && error.details?.already_imported;
    const { id = "", created_at = "" } = (before || {}) as { id?: string; created_at?: string };
    if (Date.now() - Date.parse(created_at) < REPEAT_MS) {
      const first = await read(ctx, id);
      if (first.created_by === ctx.user.id) return first;
    }
    throw error;
  }
}

function read(ctx: UserContext, id: string): Promise<Import & { created_by: string | null }> {
  return callRoute(ctx, progressRoute, { params: { id } });
}

/** {"csv": "…"} in JSON becomes the CSV itself; everything else stays as it is. */
async function readRequest(request: Request): Promise<Request> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return request;
  const bytes = await readBytes(request, MAX_JSON_BYTES);
  const sent = parse(bytes);
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  if (typeof sent?.csv !== "string")
    return new Request(request.url, { method: "POST", headers, body: bytes });
  const url = new URL(request.url);
  for (const [name, value] of Object.entries(sent)) {
    if (name === "csv" || value === null || value === undefined) continue;
    url.searchParams.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  headers.set("content-type", "text/csv; charset=utf-8");
  return new Request(url, { method: "POST", headers, body: sent.csv });
}

function parse(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}

const isUnderWay = ({ status }: Import) => status === "queued" || status === "running";
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

async function toProgress(ctx: UserContext, of: Import): Promise<ImportProgress> {
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
