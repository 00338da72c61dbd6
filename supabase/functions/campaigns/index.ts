// Serves the area campaigns.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "campaigns",
  description: "Campaigns: their audience, their pace, and starting, pausing, resuming and stopping them.",
  routes,
});
