// Serves the area worker: the scheduler's kick, which drains the queues.
import { probeDirect } from "../_shared/db/probe-direct.ts";
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "worker",
  description: "Works off the queues of sends, replies and builds.",
  routes,
  probeConnection: probeDirect,
});
