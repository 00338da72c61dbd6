// Serves the area leads.
import { createArea } from "../_shared/http/create-area.ts";
import { importRoutes } from "./import-routes.ts";
import { mappingRoutes } from "./mapping-routes.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "leads",
  description: "Landowners with their phones and parcels, and their import from CSV.",
  routes: [...routes, ...importRoutes, ...mappingRoutes],
});
