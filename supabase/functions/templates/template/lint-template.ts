// Judges a text as saving it would, without saving it.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { countSegments } from "../../_shared/sms/count-segments.ts";
import { offerGsmSafe } from "../../_shared/sms/gsm-safe.ts";
import { checked, type gsmSafe, type lintAnswer, type lintInput } from "./schemas.ts";

/** @throws AppError invalid_input for a text of more than 4,000 characters */
export async function lintTemplate(
  { db }: UserContext,
  { body }: { body: z.output<typeof lintInput> },
): Promise<z.output<typeof lintAnswer>> {
  const { content, category, language } = body;
  const found = parseAnswer(
    await db.rpc("lint_template", { p_content: content, p_category: category, p_language: language }),
    checked,
  );
  return { ...found, gsm_safe: spellSafely(found.content) };
}

/** The spelling in GSM-7 with its segments; null if the text is in GSM-7 already. */
export function spellSafely(text: string): z.output<typeof gsmSafe> | null {
  if (countSegments(text).encoding === "GSM-7") return null;
  const offer = offerGsmSafe(text);
  return { text: offer.text, segments: offer.after.segments, remaining: offer.remaining };
}
