// What blueprints look like on the wire.
import { z } from "zod";
import { oneLine, text } from "../../_shared/http/one-line.ts";
import { campaignInput } from "../campaign/schemas.ts";

const {
  name: _name,
  scheduled_at: _scheduledAt,
  quiet_hours_override: _override,
  texts: _texts,
  test: _test,
  ...shape
} = campaignInput.shape;
const definition = z
  .strictObject(shape)
  .partial()
  .describe(
    "The fields of a campaign that it is to have: texts, numbers, pace, perhaps the audience's criteria",
  );

const fields = {
  name: oneLine(200),
  description: text(0, 2000).nullable(),
  definition,
};
export const blueprintInput = z.strictObject({ ...fields, description: fields.description.optional() });
export const blueprintChanges = z
  .strictObject(fields)
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, { message: "Give at least one field to change." });

export const blueprint = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string().nullable(),
  definition: z.record(z.string(), z.unknown()),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Blueprint = z.output<typeof blueprint>;
