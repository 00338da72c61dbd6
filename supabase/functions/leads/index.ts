// Serves the area leads.
import { createArea } from "../_shared/http/create-area.ts";
import { bulkActionRoutes } from "./bulk-actions/bulk-action-routes.ts";
import { duplicateRoutes } from "./duplicates/routes.ts";
import { serviceRoutes } from "./enrichment/service-routes.ts";
import { erasureRoutes } from "./erasure/routes.ts";
import { exportRoutes } from "./exports/export-routes.ts";
import { historyRoutes } from "./history/routes.ts";
import { importRoutes } from "./imports/import-routes.ts";
import { mappingRoutes } from "./imports/mapping-routes.ts";
import { jobRoutes } from "./jobs/job-routes.ts";
import { parcelRoutes } from "./parcels/parcel-routes.ts";
import { phoneRoutes } from "./phones/phone-routes.ts";
import { routes } from "./routes.ts";
import { segmentRoutes } from "./segments/segment-routes.ts";
import { statisticsRoutes } from "./statistics/statistics-routes.ts";

export default createArea({
  area: "leads",
  description:
    "Landowners with their phones and parcels: imported from CSV, cleaned, found, segmented and exported.",
  routes: [
    ...routes,
    ...importRoutes,
    ...serviceRoutes,
    ...mappingRoutes,
    ...segmentRoutes,
    ...phoneRoutes,
    ...parcelRoutes,
    ...duplicateRoutes,
    ...historyRoutes,
    ...erasureRoutes,
    ...exportRoutes,
    ...bulkActionRoutes,
    ...jobRoutes,
    ...statisticsRoutes,
  ],
});
