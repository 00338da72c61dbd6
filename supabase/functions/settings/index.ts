// Serves the area settings.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "settings",
  description: "The person, the organisation and its settings.",
  routes,
});
