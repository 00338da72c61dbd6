// The templates a new organisation begins with, in our own words. Spanish ones are worded without á í ó ú, which would
// halve the size of a segment; each fits one segment for usual names and two for the longest with accents.

import type { Language } from "../../../supabase/functions/_shared/sms/variables.ts";
import type { TemplateCategory } from "../lint/lint-content.ts";

export interface TemplateGroup {
  category: TemplateCategory;
  language: Language;
  /** A template's name is this and a running number. */
  name: string;
  contents: string[];
}

export const TEMPLATE_GROUPS: TemplateGroup[] = [
  {
    category: "initial",
    language: "es",
    name: "Primer contacto",
    contents: [
      "Hola {first_name}, somos {brand}. ¿Vende su terreno en {county|su zona}? Responda ALTO para salir.",
      "{first_name}, le saluda {brand}. ¿Piensa vender su tierra en {county|su zona}? Para salir, responda ALTO.",
      "Saludos {first_name}: {brand} compra terrenos en {county|su zona}. ¿Le interesa? Responda ALTO para salir.",
      "Hola {first_name}. {brand} busca terrenos en {county|su zona}. ¿Desea una oferta? Responda ALTO y paramos.",
      "{brand} para {first_name}: nos interesa su terreno en {county|su zona}. ¿Hablamos? Responda ALTO y paramos.",
      "Hola {first_name}, ¿conserva su lote en {county|su zona}? Le escribe {brand}. Responda ALTO para parar.",
      "Con respeto, {first_name}: {brand} quiere comprar en {county|su zona}. ¿Vende? Responda ALTO para salir.",
      "¿Vende su terreno de {county|su zona}, {first_name}? Somos {brand}. Si no desea mensajes, responda ALTO.",
      "{first_name}, en {brand} compramos tierra en {county|su zona}. ¿Le hago una oferta? Responda ALTO para salir.",
      "Hola {first_name}: {brand} paga de contado por tierra en {county|su zona}. ¿Vende? Responda ALTO y paramos.",
      "{first_name}, ¿busca comprador para su lote en {county|su zona}? Somos {brand}. Para salir, responda ALTO.",
      "Le escribe {brand}, {first_name}. ¿Su lote en {county|su zona} sigue disponible? Responda ALTO para salir.",
      "Hola, {first_name}. {brand} compra en {county|su zona} sin comisiones. ¿Hablamos? Responda ALTO para parar.",
      "{first_name}: si piensa vender en {county|su zona}, {brand} le hace una oferta. Responda ALTO para salir.",
      "Un gusto, {first_name}. Somos {brand}. ¿Vende su lote en {county|su zona}? Responda ALTO para cancelar.",
      "{brand}: {first_name}, buscamos lotes en {county|su zona} y cubrimos gastos. ¿Vende? Responda ALTO y paramos.",
      "{first_name}, le hacemos una oferta por su lote en {county|su zona}. Atte. {brand}. Responda ALTO para salir.",
      "Con permiso, {first_name}: ¿piensa vender en {county|su zona}? Le habla {brand}. Para salir, responda ALTO.",
      "Hola {first_name}. ¿Vende o conserva su lote de {county|su zona}? Somos {brand}. Responda ALTO para parar.",
      "Gracias por leernos, {first_name}. {brand} compra terrenos en {county|su zona}. Responda ALTO para terminar.",
      "{first_name}, {brand} compra su lote de {county|su zona} tal cual. ¿Le conviene? Responda ALTO para salir.",
      "Trato directo, {first_name}: {brand} compra en {county|su zona}. ¿Conversamos? Responda ALTO para cancelar.",
      "Hola {first_name}, somos {brand}, compramos tierra en {county|su zona}. ¿Vende? Responda ALTO para parar.",
      "¿Le sirve una oferta por su lote en {county|su zona}, {first_name}? Somos {brand}. Responda ALTO y paramos.",
      "Nos gusta su zona, {first_name}: {brand} compra lotes en {county|la zona}. ¿Vende? Responda ALTO para salir.",
      "{first_name}, sin compromiso: {brand} le ofrece comprar su lote en {county|su zona}. Responda ALTO y paramos.",
    ],
  },
  {
    category: "initial",
    language: "en",
    name: "First contact",
    contents: [
      "Hi {first_name}, this is {brand}. Would you sell your land in {county|your area}? Reply STOP to opt out.",
      "{first_name}, {brand} buys land in {county|your area}. Open to an offer? Text STOP to opt out.",
      "Hello {first_name}. We are {brand}. Do you still own your lot in {county|your area}? Text STOP to opt out.",
      "{brand} here, {first_name}. We would like to buy in {county|your area}. Interested? Reply STOP to opt out.",
      "Good to meet you, {first_name}. {brand} pays cash for land in {county|your area}. Reply STOP to opt out.",
      "{first_name}, selling your land in {county|your area}? {brand} can make an offer. Reply STOP to opt out.",
      "Would an offer for your lot in {county|your area} help, {first_name}? We are {brand}. Reply STOP to opt out.",
      "Hi {first_name}: {brand} buys lots as they are in {county|your area}. Shall we talk? Reply STOP to opt out.",
      "Direct buyer, no fees: {brand} buys in {county|your area}. Would you sell, {first_name}? Reply STOP to end.",
    ],
  },
  {
    category: "followup",
    language: "es",
    name: "Seguimiento",
    contents: [
      "Hola {first_name}, de nuevo {brand}. ¿Pudo pensar en la venta de su lote? Responda ALTO para salir.",
      "{first_name}, {brand} sigue con interés en su terreno. ¿Le llamamos? Responda ALTO para salir.",
      "Hola {first_name}. Solo queremos saber si desea una oferta por su terreno. {brand}. Responda ALTO y paramos.",
      "{first_name}, si ahora no es buen momento lo entendemos. ¿Le escribimos en unos meses? Atte. {brand}.",
      "¿Tiene preguntas sobre la venta, {first_name}? Con gusto le respondemos. {brand}. Responda ALTO para salir.",
      "{first_name}, no queremos insistir: si cambia de idea sobre su lote, {brand} le atiende. Responda ALTO y paramos.",
      "Hola {first_name}, ¿prefiere hablar por la tarde? {brand} se adapta a su horario. Para salir, responda ALTO.",
    ],
  },
  {
    category: "followup",
    language: "en",
    name: "Follow-up",
    contents: [
      "Hi {first_name}, {brand} again. Have you had time to think about selling your lot? Reply STOP to opt out.",
      "{first_name}, {brand} is still interested in your land. May we call you? Reply STOP to opt out.",
      "Hello {first_name}. If now is not a good time, may we write in a few months? {brand}. Reply STOP to opt out.",
      "Any questions about selling, {first_name}? We are glad to answer. {brand}. Reply STOP to opt out.",
      "{first_name}, we do not want to bother you: if you ever sell, {brand} is here. Reply STOP to opt out.",
    ],
  },
  {
    category: "help",
    language: "es",
    name: "Ayuda",
    contents: [
      "{brand}. Ayuda: {support_contact|responda a este texto}. Pueden aplicar cargos. Responda ALTO para salir.",
    ],
  },
  {
    category: "help",
    language: "en",
    name: "Help",
    contents: [
      "{brand}. Help: {support_contact|reply to this text}. Msg and data rates may apply. Reply STOP to opt out.",
    ],
  },
  {
    category: "stop",
    language: "es",
    name: "Baja confirmada",
    contents: ["Hecho. Usted ya no recibe mensajes de {brand}. Si fue un error, responda ALTA."],
  },
  {
    category: "stop",
    language: "en",
    name: "Opt-out confirmed",
    contents: ["Done. You will not receive more messages from {brand}. If this was a mistake, reply START."],
  },
];
