// Serves the area leads.
import { createArea } from "../_shared/http/create-area.ts";
import { serviceRoutes } from "./enrichment/service-routes.ts";
import { importRoutes } from "./import-routes.ts";
import { parcelRoutes } from "./parcels/parcel-routes.ts";
import { phoneRoutes } from "./phones/phone-routes.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "leads",
  description: "Landowners with their phones and parcels, and their import from CSV.",
  routes: [...routes, ...importRoutes, ...phoneRoutes, ...parcelRoutes, ...serviceRoutes],
});
