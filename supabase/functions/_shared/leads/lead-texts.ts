// Texts as the database takes them: what it can't hold at all, and what stands in one line.
import { z } from "zod";

/** Control characters, line breaks among them, and halves of a character that JSON can name but no text holds. */
const LINE = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;
const TEXT = /^[^\0\p{Cs}]*$/u;

export const isLine = (text: string) => LINE.test(text);

/** One line, at most `max` characters, blanks around it taken off. */
export const line = (max: number, least = 0) =>
  z
    .string()
    .trim()
    .min(least)
    .max(max)
    .refine(isLine, { message: "must be one line, without control characters." });

/** Text of several lines, at most `max` characters. */
export const paragraphs = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .refine((text) => TEXT.test(text), { message: "holds characters that no text can." });

/** A number that the database keeps as it is: neither beyond 10^15 nor finer than it writes down. */
export const plainNumber = z
  .number()
  .min(-1e15)
  .max(1e15)
  .refine((value) => value === 0 || Math.abs(value) >= 1e-15, {
    message: "must be 0 or at least 0.000000000000001.",
  });
