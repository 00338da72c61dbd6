// Serves the area messages.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "messages",
  description:
    "Messages: texts to one person, and people's decisions about unknown sends and unclear answers.",
  routes,
});
