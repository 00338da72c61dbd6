// One object in two shapes at once: some callers read `data`, others the fields at the top of the body.
import { z } from "zod";
import { type VerbatimAnswer, verbatim } from "../../_shared/http/responses.ts";

type Shape = z.core.$ZodLooseShape;

/** The answer whose body is { success, data, and every field of data }. */
export function bothShapes<S extends Shape>(
  data: z.ZodObject<S>,
  status: 200 | 201 | 202 = 200,
): VerbatimAnswer<z.ZodType<BothShapes<z.output<z.ZodObject<S>>>>> {
  const schema = z.object({ ...data.shape, success: z.literal(true), data });
  return verbatim(schema as never, status);
}

export type BothShapes<T> = T & { success: true; data: T };

export function inBothShapes<T extends object>(data: T): BothShapes<T> {
  return { ...data, success: true, data };
}
