// The section messages.
import type { Section } from "../door/section.ts";
import { routes } from "./routes.ts";

export const section: Section = { routes, badIdStatus: 404 };
