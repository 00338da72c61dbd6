// Serves the area messages.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "messages",
  description: "Messages, and a person's decision about unknown ones, which may or may not have been sent.",
  routes,
});
