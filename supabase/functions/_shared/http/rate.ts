// A rate on the wire, as private.rate makes it.
import { z } from "zod";

const count = z.number().int();
export const rate = z
  .object({
    value: z.number().nullable().describe("Percent; null if the denominator is 0"),
    numerator: count,
    denominator: count,
    low: z.number().nullable(),
    high: z.number().nullable(),
    enough: z.boolean().describe("At least five on either side"),
    provisional: z.boolean().describe("Some of what it counts may still change"),
  })
  .describe("With Wilson's 95 % interval");
