// Serves the area leads.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "leads",
  description:
    "Landowners with their phones and parcels: imported from CSV, cleaned, found, segmented and exported.",
  routes,
});
