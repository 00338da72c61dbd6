// Uploads the file as a dashboard does: first a preview, then the import, followed over Realtime.
import type { LeadImport, Preview } from "../../supabase/functions/leads/imports/schemas.ts";
import type { Dashboard } from "./dashboard.ts";
import { drawBar } from "./draw-bar.ts";
import { followChanges } from "./follow-changes.ts";
import type { LeadFile } from "./lead-file.ts";
import type { Screen } from "./screen.ts";
import { createNews } from "./wait-for-news.ts";
import { wrapList } from "./wrap-list.ts";

/** The commonest problems of the preview that are shown, each on a line. */
const SHOWN_PROBLEMS = 3;

/** @throws Error when the file is refused or the import fails */
export async function importLeads(
  dashboard: Dashboard,
  file: LeadFile,
  screen: Screen,
): Promise<{ preview: Preview; done: LeadImport }> {
  const preview = await dashboard.call<Preview>("POST", "leads/import/preview", formOf(file));
  showPreview(preview, screen);

  let state = await dashboard.call<LeadImport>("POST", "leads/import/execute", formOf(file));
  const news = createNews();
  const take = (next: LeadImport) => {
    // A read may be older than what was broadcast meanwhile.
    if (next.processed_rows < state.processed_rows) return;
    state = next;
    const share = state.status === "completed" ? 1 : state.next_byte / state.file_bytes;
    const counts = `${state.imported_rows} imported · ${state.duplicate_rows} duplicates · ${state.rejected_rows} rejected`;
    screen.draw([`  ${drawBar(share)}  ${counts}`], `  import ${Math.round(share * 100)} %: ${counts}`);
    news.tell();
  };
  await followChanges(dashboard, `import:${state.id}`, {
    onChange: ({ record }) => take(record as LeadImport),
    read: async () => take(await dashboard.call<LeadImport>("GET", `leads/import/${state.id}`)),
  });
  await news.waitUntil("the import", () => state.status === "completed" || state.status === "failed");
  screen.keep();
  if (state.status === "failed") throw new Error(`The import failed: ${state.error_message}`);
  return { preview, done: state };
}

/** Real multipart, made by the client. */
function formOf({ name, bytes }: LeadFile): FormData {
  const form = new FormData();
  form.append("file", new File([bytes as BlobPart], name, { type: "text/csv" }));
  form.append("tags", JSON.stringify(["DEMO"]));
  return form;
}

function showPreview(preview: Preview, screen: Screen): void {
  const known = Object.entries(preview.suggested_mapping).filter(([, field]) => field !== "custom_field");
  const unknown = Object.keys(preview.suggested_mapping).filter(
    (column) => preview.suggested_mapping[column] === "custom_field",
  );
  screen.say(
    `  ${preview.file_name}: about ${preview.total_rows_estimate} rows, ${preview.encoding}, ${preview.columns.length} columns`,
  );
  const mapping = known.map(([column, field]) => `${column} → ${field}`);
  for (const line of wrapList("  mapping    ", mapping)) screen.say(line);
  for (const line of wrapList("  custom     ", unknown)) screen.say(line);
  for (const { reason, rows, outcome } of preview.problems.slice(0, SHOWN_PROBLEMS))
    screen.say(screen.faint(`  ${outcome.padEnd(9)}  ${rows} × ${reason}`));
  const more = preview.problems.length - SHOWN_PROBLEMS;
  if (more > 0) screen.say(screen.faint(`  and ${more} more ${more === 1 ? "kind" : "kinds"} of problems`));
}
