// What reply times look like on the wire.
import { z } from "zod";

const seconds = z.number().nullable();

export const replyTimesQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).describe("Of the texts of the people"),
  to: z.iso.datetime({ offset: true }).describe("Not included; at most 400 days later"),
  group_by: z
    .enum(["assignee", "campaign", "class", "hour", "day"])
    .optional()
    .describe("assignee: who answered. hour and day: of their text, in the organisation's time zone"),
});

export const replyTimes = z.object({
  group: z.string().nullable(),
  spans: z.number().int().describe("How often somebody waited for an answer"),
  answered: z.number().int(),
  dismissed: z.number().int().describe("Somebody said that no answer was needed"),
  moot: z.number().int().describe("The person opted out"),
  waiting: z.number().int(),
  median_seconds: seconds.describe("By the wall clock"),
  p90_seconds: seconds,
  median_working_seconds: seconds.describe("Within the organisation's reply hours"),
  p90_working_seconds: seconds,
  median_assigned_seconds: seconds.describe("Within reply hours, since the assignment"),
  within_five_minutes: z
    .number()
    .nullable()
    .describe("Share of answers within five minutes of reply hours, 0 to 1"),
});
