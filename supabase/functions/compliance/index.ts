// Serves the area compliance.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "compliance",
  description: "Quiet hours: who may be written to, when, and by which rules.",
  routes,
});
