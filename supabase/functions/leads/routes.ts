// The route table of leads: that of each folder, one after the other.
import { routes as bulkActions } from "./bulk-actions/routes.ts";
import { routes as duplicates } from "./duplicates/routes.ts";
import { routes as enrichment } from "./enrichment/routes.ts";
import { routes as erasure } from "./erasure/routes.ts";
import { routes as exports } from "./exports/routes.ts";
import { routes as history } from "./history/routes.ts";
import { routes as importMappings } from "./import-mappings/routes.ts";
import { routes as imports } from "./imports/routes.ts";
import { routes as jobs } from "./jobs/routes.ts";
import { routes as lead } from "./lead/routes.ts";
import { routes as parcels } from "./parcels/routes.ts";
import { routes as phones } from "./phones/routes.ts";
import { routes as segments } from "./segments/routes.ts";
import { routes as statistics } from "./statistics/routes.ts";

export const routes = [
  ...lead,
  ...imports,
  ...enrichment,
  ...importMappings,
  ...segments,
  ...phones,
  ...parcels,
  ...duplicates,
  ...history,
  ...erasure,
  ...exports,
  ...bulkActions,
  ...jobs,
  ...statistics,
];
