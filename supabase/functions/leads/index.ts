// Serves the area leads.
import { createArea } from "../_shared/http/create-area.ts";
import { duplicateRoutes } from "./duplicates/routes.ts";
import { erasureRoutes } from "./erasure/routes.ts";
import { historyRoutes } from "./history/routes.ts";
import { importRoutes } from "./import-routes.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "leads",
  description: "Landowners with their phones and parcels, and their import from CSV.",
  routes: [...routes, ...importRoutes, ...duplicateRoutes, ...historyRoutes, ...erasureRoutes],
});
