// Texts, held to the same rules as the database holds them to (private.line_shape for those of one line).
import { z } from "zod";

/** Half of a pair that UTF-16 writes some signs with: no sign by itself. */
const HALF = /\p{Cs}/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const anyText = z
  .string()
  .refine((value) => !HALF.test(value) && !value.includes("\0"), "holds a character that is none.");
const anyLine = z
  .string()
  .refine(
    (value) => !HALF.test(value) && !CONTROL.test(value),
    "must be one line, without control characters.",
  );

/**
 * A text as people write it: trimmed, without what no database holds, and measured in characters as people count them, where
 * JavaScript counts two for many signs.
 * @param least characters that must be left after trimming
 */
export function text(least: number, most: number) {
  return atLeast(least, atMost(most, anyText)).trim().meta({ minLength: least, maxLength: most });
}

/** @param least 1 unless it may be blank */
export function oneLine(most: number, least = 1) {
  return atLeast(least, atMost(most, anyLine)).trim().meta({ minLength: least, maxLength: most });
}

/** A text that stays as it was written, blanks around it included. */
export function exactText(most: number) {
  return atMost(most, anyText).meta({ maxLength: most });
}

/** One line that stays as it was written: the name of something that others named. */
export function exactLine(most: number) {
  return atMost(most, anyLine)
    .refine((value) => value !== "", "must not be empty.")
    .meta({ minLength: 1, maxLength: most });
}

function atMost(most: number, written: z.ZodString) {
  return written.refine((value) => [...value].length <= most, `must have at most ${most} characters.`);
}

function atLeast(least: number, written: z.ZodString) {
  return written.refine(
    (value) => [...value.trim()].length >= least,
    `must have at least ${least} ${least === 1 ? "character" : "characters"}.`,
  );
}
