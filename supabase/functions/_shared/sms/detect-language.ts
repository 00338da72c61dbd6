// Guesses whether a short message is Spanish or English from its commonest words.
import type { Language } from "./variables.ts";

const words = (list: string) => new Set(list.split(" "));

export const COMMON_WORDS: Readonly<Record<Language, ReadonlySet<string>>> = {
  es: words(
    "EL LA LOS LAS UN UNA DE DEL QUE Y EN ES SI POR PARA CON SU SUS MI MIS ME LE LO SE YA MAS PERO COMO CUANTO " +
      "CUANDO DONDE QUIEN CUAL HOLA GRACIAS FAVOR BUENOS BUENAS DIAS TARDES TERRENO TIERRA VENDER VENDO INTERESA INTERESADO " +
      "QUIERO TENGO ESTOY ESTA SOY USTED SENOR SENORA BUENO CLARO LLAMEME MANDEME NUMERO PRECIO OFERTA MENSAJE MENSAJES",
  ),
  en: words(
    "THE AN OF TO AND IN IS IT NOT YES FOR WITH YOUR YOU I IM MY WE ARE AM THIS THAT HOW MUCH WHEN WHERE WHO WHAT HELLO " +
      "HI THANKS THANK PLEASE GOOD LAND PROPERTY SELL SELLING INTERESTED WANT HAVE CALL ME NUMBER PRICE OFFER WOULD DONT DO " +
      "OK OKAY SURE WRONG NAME TEXT",
  ),
};

/** `es` or `en` for words in capitals without accents, or undefined if its words don't decide it. */
export function detectLanguage(normalised: string): Language | undefined {
  let lean = 0;
  for (const word of normalised.split(" "))
    lean += Number(COMMON_WORDS.es.has(word)) - Number(COMMON_WORDS.en.has(word));
  return lean > 0 ? "es" : lean < 0 ? "en" : undefined;
}
