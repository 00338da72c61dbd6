// Serves the area phone-numbers.
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "phone-numbers",
  description:
    "The numbers an organisation sends from: their health, what they have left today, and stopping them.",
  routes,
});
