// Numbers that the database stores unchanged.
import { z } from "zod";

/** A number that the database stores unchanged: at most 10^15, and 0 or at least 10^-15, positive or negative. */
export const plainNumber = z
  .number()
  .min(-1e15)
  .max(1e15)
  .refine((value) => value === 0 || Math.abs(value) >= 1e-15, {
    message: "must be 0 or at least 0.000000000000001.",
  });
