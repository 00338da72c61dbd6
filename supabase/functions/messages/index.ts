// Serves the area messages.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "messages",
  description: "Messages, and a person's word on those of which nobody knows whether they were sent.",
  routes,
});
