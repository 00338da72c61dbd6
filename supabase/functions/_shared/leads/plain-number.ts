// Numbers as the database keeps them.
import { z } from "zod";

/** A number that the database keeps as it is: neither beyond 10^15 nor finer than it writes down. */
export const plainNumber = z
  .number()
  .min(-1e15)
  .max(1e15)
  .refine((value) => value === 0 || Math.abs(value) >= 1e-15, {
    message: "must be 0 or at least 0.000000000000001.",
  });
