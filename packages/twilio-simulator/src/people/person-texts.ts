// What people answer, in English and Spanish.
import { z } from "zod";
import type { Intent } from "../state/record.ts";

export type ReplyKind =
  | "interested"
  | "notInterested"
  | "stop"
  | "alto"
  | "stopThanks"
  | "help"
  | "ayuda"
  | "wrongNumber";

export interface Reply {
  intent: Intent;
  en: readonly string[];
  es: readonly string[];
}

/** The default texts by kind of answer. Keywords are the same in both languages, because the exact word matters. */
export const REPLIES: Record<ReplyKind, Reply> = {
  interested: {
    intent: "interested",
    en: ["Yes, tell me more", "Maybe. What does it cost?", "I might be, call me tomorrow afternoon"],
    es: ["Me interesa, cuénteme más", "Quizás, ¿cuánto cuesta?", "Sí me gustaría. Llámeme por la tarde"],
  },
  notInterested: {
    intent: "not_interested",
    en: ["No thanks", "Not interested at the moment", "I have one already"],
    es: ["No, gracias", "Por ahora no me interesa", "Ya tengo uno"],
  },
  stop: { intent: "stop", en: ["STOP", "Stop", "stop"], es: ["STOP", "Stop", "stop"] },
  alto: { intent: "stop", en: ["ALTO", "Alto"], es: ["ALTO", "Alto"] },
  stopThanks: {
    intent: "stop",
    en: ["Stop. Thank you", "Stop please", "Stop, thanks."],
    es: ["Stop. Gracias", "Alto por favor", "Stop, muchas gracias"],
  },
  help: { intent: "help", en: ["HELP", "Help"], es: ["HELP", "Help"] },
  ayuda: { intent: "help", en: ["AYUDA", "ayuda"], es: ["AYUDA", "ayuda"] },
  wrongNumber: {
    intent: "wrong_number",
    en: ["You have the wrong number", "Wrong number, sorry"],
    es: ["Número equivocado", "Se equivoca, número equivocado"],
  },
};

export const REPLY_KINDS = Object.keys(REPLIES) as ReplyKind[];

const texts = z.array(z.string().min(1)).min(1);

/** Texts that replace the default ones, by kind of answer; kinds that are left out keep theirs. */
export const replyTexts = z.partialRecord(z.enum(REPLY_KINDS), z.strictObject({ en: texts, es: texts }));
export type ReplyTexts = z.infer<typeof replyTexts>;

/** The default answers with these texts replaced. */
export function replaceTexts(given: ReplyTexts): Record<ReplyKind, Reply> {
  const replies = REPLY_KINDS.map((kind) => [kind, { ...REPLIES[kind], ...given[kind] }]);
  return Object.fromEntries(replies) as Record<ReplyKind, Reply>;
}
