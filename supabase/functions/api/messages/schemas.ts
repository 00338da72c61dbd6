// Texts to one person as the dashboard sends and reads them.
import { z } from "zod";
import { routes } from "../../messages/routes.ts";
import { routeOf } from "../door/mount-area.ts";

const text = z.string().nullable().optional();

export const dashboardText = z
  .strictObject({
    to: text.describe("A phone of a lead"),
    phone_number: text.describe("The older name of `to`"),
    body: text.describe("The text, sent literally"),
    content: text.describe("The older name of `body`"),
    lead_id: text,
  })
  .describe("Empty texts and null are no values");

const sent = routeOf(routes, "POST /send").response.schema as z.ZodObject;
export const dashboardSentText = sent.extend({
  message: z.string().describe("What became of it, for people"),
  timestamp: z.string(),
});
