// Templates as the dashboard reads and sends them.
import { z } from "zod";
import { routes } from "../../templates/routes.ts";
import { routeOf } from "../door/mount-area.ts";

const detail = routeOf(routes, "GET /{id}").response.schema as z.ZodObject;
const ours = routeOf(routes, "GET /").response.schema as z.ZodObject;

const names = {
  id: z.int().describe("The template's number: the dashboard compares ids as numbers"),
  uuid: z.uuid(),
  content: z.string().describe("With variables as the dashboard writes them: {{firstName}}"),
  category: z.string().describe("In the dashboard's words: initial_outreach, follow_up"),
  isActive: z.boolean(),
  tags: z.array(z.string()).describe("Always empty: templates have no tags here"),
  createdAt: z.string(),
  updatedAt: z.string(),
};
export const dashboardTemplate = ours.extend(names);
export const dashboardTemplateDetail = detail.extend(names);

const text = z.string();
export const templateInput = z.strictObject({
  name: text,
  content: text,
  category: text.default("initial_outreach"),
  language: z.enum(["es", "en"]).optional().describe("By default the language that the text seems to be in"),
  is_active: z.boolean().optional(),
  isActive: z.boolean().optional(),
  tags: z.array(z.unknown()).optional().describe("Ignored: templates have no tags here"),
  variables: z.array(z.unknown()).optional().describe("Ignored: they are read from the text"),
});
export const templateChanges = templateInput
  .extend({ category: text })
  .partial()
  .refine((changes) => Object.keys(changes).some((key) => key !== "tags" && key !== "variables"), {
    message: "Give at least one field to change.",
  });

export const templatePreview = z.object({
  preview_content: z.string().nullable().describe("Null if a variable has no value"),
  rendered: z.string().nullable().describe("The same"),
  segments: z.int().nullable(),
  encoding: z.string().nullable(),
  characters: z.int().nullable(),
  cost: z.number().nullable(),
  missing: z.array(z.string()),
});
