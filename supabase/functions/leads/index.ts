// Serves the area leads.
import { createArea } from "../_shared/http/create-area.ts";
import { bulkActionRoutes } from "./bulk-actions/bulk-action-routes.ts";
import { exportRoutes } from "./exports/export-routes.ts";
import { importRoutes } from "./import-routes.ts";
import { jobRoutes } from "./jobs/job-routes.ts";
import { routes } from "./routes.ts";
import { segmentRoutes } from "./segments/segment-routes.ts";

export default createArea({
  area: "leads",
  description: "Landowners with their phones and parcels, their import from CSV, and segments of them.",
  routes: [...routes, ...importRoutes, ...segmentRoutes, ...exportRoutes, ...bulkActionRoutes, ...jobRoutes],
});
