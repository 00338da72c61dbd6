// Texts, with the same rules as in the database (private.line_shape for those of one line).
import { z } from "zod";

/** Half of a surrogate pair, which is no character by itself. */
const HALF = /\p{Cs}/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const anyText = z
  .string()
  .refine((value) => !HALF.test(value) && !value.includes("\0"), "holds a character that can't be stored.");
const anyLine = z
  .string()
  .refine(
    (value) => !HALF.test(value) && !CONTROL.test(value),
    "must be one line, without control characters.",
  );

/**
 * A text as people write it: trimmed, without what Postgres can't hold. Its length is counted in code points; JavaScript's length
 * counts many characters twice.
 * @param least characters that must be left after trimming
 */
export function text(least: number, most: number) {
  return atLeast(least, atMost(most, anyText)).trim().meta({ minLength: least, maxLength: most });
}

/** @param least characters that must be left after trimming; 0 if it may be blank */
export function oneLine(most: number, least = 1) {
  return atLeast(least, atMost(most, anyLine)).trim().meta({ minLength: least, maxLength: most });
}

/** A text that stays as it was written, including blanks around it. */
export function exactText(most: number) {
  return atMost(most, anyText).meta({ maxLength: most });
}

/** One line that stays as it was written, for names that others have chosen. */
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
