// Serves the area background-worker: work that takes CPU or waits for outside services, apart from sending.
import { probeDirect } from "../_shared/db/probe-direct.ts";
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";

export default createArea({
  area: "background-worker",
  description: "Works off imports, jobs, lookups, enrichments and files of messages, apart from sending.",
  routes,
  probeConnection: probeDirect,
});
