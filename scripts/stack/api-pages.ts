// The pages by which people browse the API of a running platform.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Page } from "local-supabase";

/** Below the platform's own address. */
export const API_PAGE = "/api-docs";

/** By path. The viewer is a package of its own, and nothing comes from another server. */
export const API_PAGES: Record<string, Page> = {
  [API_PAGE]: {
    file: fileURLToPath(new URL("./api-page.html", import.meta.url)),
    contentType: "text/html; charset=utf-8",
  },
  [`${API_PAGE}/explorer.js`]: {
    file: createRequire(import.meta.url).resolve("openapi-explorer/dist/browser/openapi-explorer.min.js"),
    contentType: "text/javascript; charset=utf-8",
  },
};
