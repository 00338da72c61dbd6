// Imports a file that the dashboard's dialog sends, and tells how far an import is.
import type { UserContext } from "../../_shared/http/context.ts";
import { parseJson } from "../../_shared/http/parse-json.ts";
import { readBytes } from "../../_shared/http/read-body.ts";
import { toAppError } from "../../_shared/http/to-app-error.ts";
import { routes } from "../../leads/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { type Import, toProgress } from "./import-progress.ts";
import { readImportFields } from "./read-import-fields.ts";

export const importRoute = routeOf(routes, "POST /import/execute");
export const progressRoute = routeOf(routes, "GET /import/{id}");

/** The dialog asks the list for the new leads as soon as it has an answer, and not again: small files are best done by then. */
const SMALL_BYTES = 1_000_000;
const WAIT_MS = 5_000;
const LOOK_MS = 200;
/** A second try of the same person within this time is the same upload, not a repeated import. */
const REPEAT_MS = 60_000;
const MAX_JSON_BYTES = 10_485_760;

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
  let asked: Record<string, string> = {};
  const readFields = (fields: Record<string, string>) => {
    asked = readImportFields(fields);
    return asked;
  };
  try {
    return (await importRoute.run({ ...ctx, request }, { readFields })) as Import;
  } catch (thrown) {
    const error = toAppError(thrown);
    const before = error.code === "duplicate" && error.details?.already_imported;
    const { id = "", created_at = "" } = (before || {}) as { id?: string; created_at?: string };
    if (Date.now() - Date.parse(created_at) < REPEAT_MS) {
      const first = await read(ctx, id);
      if (first.created_by === ctx.user.id && isSameRequest(asked, first)) return first;
    }
    throw error;
  }
}

/** Whether a file came with the same mapping and tags as an import of it. */
function isSameRequest(asked: Record<string, string>, first: StartedImport): boolean {
  const mapping = Object.entries((parseJson(asked.mapping ?? "") ?? {}) as Record<string, unknown>);
  const tags = parseJson(asked.tags ?? "");
  return (
    mapping.every(([column, field]) => first.mapping[column] === (field || "ignore")) &&
    (!Array.isArray(tags) || tags.every((tag) => first.tags.includes(String(tag).trim().toUpperCase())))
  );
}

interface StartedImport extends Import {
  created_by: string | null;
  mapping: Record<string, string>;
  tags: string[];
}

function read(ctx: UserContext, id: string): Promise<StartedImport> {
  return callRoute(ctx, progressRoute, { params: { id } });
}

/** {"csv": "…"} in JSON becomes the CSV itself; everything else stays as it is. */
async function readRequest(request: Request): Promise<Request> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return request;
  const bytes = await readBytes(request, MAX_JSON_BYTES);
  const sent = parseJson(new TextDecoder().decode(bytes)) as Record<string, unknown> | null | undefined;
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

const isUnderWay = ({ status }: Import) => status === "queued" || status === "running";
