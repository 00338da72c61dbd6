// A text of one line, held to the same rules as private.line_shape holds it in the database.
import { z } from "zod";

/** Half of a pair that UTF-16 writes some signs with: no sign by itself. */
const HALF = /\p{Cs}/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/**
 * A text as people write it: trimmed, without a sign that no database holds, and measured in characters as people count them,
 * where JavaScript counts two for many signs.
 * @param least characters that must be left after trimming
 */
export function text(least: number, most: number) {
  return z
    .string()
    .refine((value) => !HALF.test(value) && !value.includes("\0"), "holds a character that is none.")
    .refine((value) => [...value].length <= most, `must have at most ${most} characters.`)
    .refine(
      (value) => [...value.trim()].length >= least,
      least === 1 ? "must have at least 1 character." : `must have at least ${least} characters.`,
    )
    .trim()
    .meta({ minLength: least, maxLength: most });
}

/** @param least 1 unless it may be blank */
export function oneLine(most: number, least = 1) {
  return text(least, most)
    .refine((value) => !CONTROL.test(value), "must be one line, without control characters.")
    .meta({ minLength: least, maxLength: most });
}
