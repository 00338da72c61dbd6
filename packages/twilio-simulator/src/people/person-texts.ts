// What people answer, in English and Spanish.
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

interface Reply {
  intent: Intent;
  en: readonly string[];
  es: readonly string[];
}

/** Texts per kind of answer. Keywords are the same in both languages: the word is the point. */
export const REPLIES: Record<ReplyKind, Reply> = {
  interested: {
    intent: "interested",
    en: [
      "I might sell. What would you pay for it?",
      "Depends on the price. Call me tomorrow afternoon",
      "We have been thinking about selling that lot, tell me more",
      "How much are you offering per acre?",
    ],
    es: [
      "Me interesa, ¿cuánto ofrece por el terreno?",
      "Sí me gustaría vender. Llámeme por la tarde",
      "Depende del precio, ¿me puede dar una idea?",
      "Lo hemos pensado. ¿Cómo sería el trámite?",
    ],
  },
  notInterested: {
    intent: "not_interested",
    en: ["Not for sale", "No thanks, we are keeping it", "Not interested at the moment"],
    es: ["No está en venta, gracias", "Por ahora no me interesa", "No gracias, es de la familia"],
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
    en: ["You have the wrong number", "Wrong number, I don't own any land"],
    es: ["Número equivocado", "Se equivoca, número equivocado"],
  },
};

export const REPLY_KINDS = Object.keys(REPLIES) as ReplyKind[];
