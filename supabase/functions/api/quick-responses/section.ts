// The section quick-responses.
import type { Section } from "../door/section.ts";
import { routes } from "./routes.ts";

export const section: Section = { routes };
