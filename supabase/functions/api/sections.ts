// The sections of the door, by the first word of their paths. Each is loaded when it is first asked for: an isolate that serves the
// list of leads does not spend its CPU on the code of the others.
import { mountArea } from "./door/mount-area.ts";
import type { Section } from "./door/section.ts";

export const SECTIONS: Readonly<Record<string, () => Promise<Section>>> = {
  leads: async () => (await import("./leads/section.ts")).section,
  campaigns: async () => (await import("./campaigns/section.ts")).section,
  templates: async () => (await import("./templates/section.ts")).section,
  messages: async () => (await import("./messages/section.ts")).section,
  "quick-responses": async () => (await import("./quick-responses/section.ts")).section,
  "phone-numbers": async () => ({
    routes: mountArea("phone-numbers", (await import("../phone-numbers/routes.ts")).routes),
    badIdStatus: 422,
  }),
  compliance: async () => ({
    routes: mountArea("compliance", (await import("../compliance/routes.ts")).routes),
  }),
  settings: async () => ({ routes: mountArea("settings", (await import("../settings/routes.ts")).routes) }),
  webhooks: async () => (await import("./webhooks/section.ts")).section,
};
