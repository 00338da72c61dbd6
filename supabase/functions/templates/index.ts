// Serves the area templates.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "templates",
  description:
    "Templates: the texts that campaigns rotate and that answer STOP and HELP, their check and preview.",
  routes,
});
