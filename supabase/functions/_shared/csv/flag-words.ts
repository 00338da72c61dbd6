// The words by which files say that a phone must not be written to, is not that of the person, or is of a certain kind: one list
// per meaning and language. They are folded: lower case, no accents, everything but letters and digits a blank.

export type Meaning = "denied" | "wrong_number" | "inactive" | "reassigned" | "landline" | "mobile" | "voip";

interface Words {
  /** These count wherever they stand in a text. */
  anywhere: string;
  /** These mean it only if they are the whole text, or all of it but words of FILLERS. */
  alone: string;
  /** The same, but only of a phone: a lead may be dead, rejected or inactive for other reasons. */
  ofPhone: string;
}

// biome-ignore format: one meaning and language a line
const WORDS: readonly [Meaning, "en" | "es", Words][] = [
  ["denied", "en", {
    anywhere: "dnc|do not call|do not text|do not contact|do not sms|do not message|do not disturb|do not solicit|do not email or text|dont call|dont text|dont contact|dont message|don t call|don t text|don t contact|don t message|no longer contact|never contact|never call|never text|do not reach out|dont reach out|don t reach out|no further contact|no further texts|asked us to stop|told us to stop|asked to stop|requested stop|stop request|stop requested|wants no texts|hates texts|stop texting|stop calling|stop contacting|stop messaging|opted out|opt out|optout|optedout|opting out|unsubscribed|unsubscribe|unsub|blacklisted|black listed|blacklist|blocklisted|suppressed|suppression list|litigator|litigators|litigious|cease and desist|take me off|remove me|removed by request|remove from list|asked to be removed|requested removal|wants off|consent revoked|revoked consent|consent withdrawn|consent denied|no consent|not consented|refused consent",
    alone: "dnd|dnt|d n c|d n t|no texting|no texting please|no marketing|stop|stopped|stop all|stopall|unsubscribe all|blocked|removed|revoked|complaint|complained|complainer|spam complaint|reported spam|tcpa|no texts|no text|no sms|no calls|no messages|not opted in|not subscribed",
    ofPhone: "quit|block|remove|revoke|denied|declined|refused|rejected|no contact|no call|out|off list|not allowed|not permitted|prohibited|forbidden",
  }],
  ["denied", "es", {
    anywhere: "no llamar|no llame|no llamen|no contactar|no contacte|no contacten|no molestar|no moleste|no escribir|no escriba|no escriban|no enviar|no envie|no mandar|no mande|no mensajes|no mas mensajes|no textear|no mensajear|que no le escriban|que no le manden|que no le llamen|no quiere mensajes|no quiere que le|dado de baja|dada de baja|dar de baja|darse de baja|de baja|pidio baja|pidio no|solicito baja|lista negra|desuscrito|desuscrita|desinscrito|desinscrita|cancelo la suscripcion|cancelo suscripcion|suscripcion cancelada|consentimiento revocado|sin consentimiento|quitar de la lista|sacar de la lista",
    alone: "baja|bloqueado|bloqueada|suprimido|suprimida|revocado|revocada|no suscrito|no suscrita|litigante|demandante",
    ofPhone: "alto|excluido|excluida|rechazado|rechazada|rechazo|negado|negada|no permitido|no autorizado|no autoriza|no acepta|no acepto|demanda|queja",
  }],
  ["wrong_number", "en", {
    anywhere: "wrong number|wrong numbers|wrong no|wrong num|wrong phone|wrong person|wrong party|wrong contact|not the owner|not owner s number|not his number|not her number|not their number|number belongs to|belongs to someone else|does not belong to|doesn t belong to",
    alone: "wrong|wn|incorrect number|bad contact",
    ofPhone: "incorrect",
  }],
  ["wrong_number", "es", {
    anywhere: "numero equivocado|telefono equivocado|numero incorrecto|telefono incorrecto|persona equivocada|no es el dueno|no es la duena|no es el propietario|no es su numero|no es de el|numero de otra persona",
    alone: "equivocado|equivocada|numero erroneo",
    ofPhone: "incorrecto|incorrecta|erroneo|erronea",
  }],
  ["inactive", "en", {
    anywhere: "disconnected|disconnect|not in service|out of service|no longer in service|number changed|changed number|dead number|dead line|dead phone|bad number|bad phone|invalid number|invalid phone|number invalid|not a working number|non working|not working|no such number|undeliverable|does not exist|doesn t exist|not valid|unallocated|deactivated|unreachable",
    alone: "fax number",
    ofPhone: "invalid|inactive|bad|dead|not active|not connected|not reachable|out of order|unassigned|fake|expired|suspended|ported out|fax",
  }],
  ["inactive", "es", {
    anywhere: "desconectado|desconectada|fuera de servicio|sin servicio|no existe|numero invalido|telefono invalido|numero inexistente|no funciona|no sirve|cambio de numero|fuera de linea",
    alone: "numero malo",
    ofPhone: "invalido|invalida|inactivo|inactiva|no valido|no valida|no activo|no activa|inexistente|suspendido|suspendida|malo|mala",
  }],
  ["reassigned", "en", { anywhere: "reassigned|re assigned|new subscriber|permanently disconnected", alone: "", ofPhone: "rnd" }],
  ["reassigned", "es", { anywhere: "reasignado|reasignada", alone: "", ofPhone: "" }],
  ["landline", "en", { anywhere: "landline|land line|landlines|wireline|wire line|fixed line|home landline", alone: "", ofPhone: "ll|fixed|residential" }],
  ["landline", "es", { anywhere: "telefono fijo|linea fija|tel fijo", alone: "", ofPhone: "fijo|fija|residencial" }],
  ["mobile", "en", { anywhere: "wireless|cell phone|cellphone|cellular|mobile phone", alone: "", ofPhone: "cell|mobile|mob" }],
  ["mobile", "es", { anywhere: "telefono movil|telefono celular", alone: "", ofPhone: "celular|cel|movil" }],
  ["voip", "en", { anywhere: "voip|fixed voip", alone: "", ofPhone: "internet phone|google voice" }],
];

/** Words that add nothing to a word that stands alone: "number blocked", "phone is wrong", "texted STOP". */
export const FILLERS = new Set(
  "the a an is was has been he she they it this that number num phone tel telephone cell mobile sms text texts texted txt replied reply said says sent user lead contact owner customer person by via on at at request status list yes true x y 1 confirmed please pls do el la lo los es esta fue ha sido numero telefono celular movil contacto cliente dueno por favor respondio dijo mando si".split(
    " ",
  ),
);

/** Before a word of the list, these turn it into its opposite: "not on DNC", "non-DNC", "no wrong number". */
export const DENIALS_BEFORE =
  /(?:^| )(?:not|non|no|never|isn t|is not|isnt|without|cleared|removed from|off|sin|nunca|ningun|ninguna)(?: (?:a|an|on|in|the|any|is|es|en|la|el|una|un|federal|state|national|listed as|marked|found on|found in|registered on|list|known|possible))*$/;
/** So do these after it: "DNC: no", "DNC clear", "litigator - false". */
export const DENIALS_AFTER =
  /^(?: (?:list|registry|status|check|flag|federal|state|y))*(?: (?:no|n|false|f|0|clear|clean|cleared|free|ok|okay|safe|passed|negative|none|never|scrubbed|scrub|scrubbing|checked|unchecked|pending|unknown|na|n a|not found|no match|not listed|limpio|limpia|libre|revisado|revisada|depurado|depurada))(?: |$)/;
/** What is said of mail is not said of the phone. */
export const ABOUT_MAIL = /\b(?:e ?mails?|mail|mailing|postal|newsletter|fax|correos?)\b/;
export const ABOUT_PHONE =
  /\b(?:sms|texts?|texting|messages?|messaging|calls?|calling|phones?|mobiles?|cell|all|everything|mensajes?|telefonos?|llamadas?|todo)\b/;

export interface Phrase {
  meaning: Meaning;
  text: string;
}

function phrasesOf(kind: keyof Words): Phrase[] {
  return WORDS.flatMap(([meaning, , words]) =>
    words[kind]
      .split("|")
      .filter((text) => text !== "")
      .map((text) => ({ meaning, text })),
  );
}

const mapOf = (phrases: Phrase[]) => new Map(phrases.map(({ meaning, text }) => [text, meaning]));

/** Longest first, so that the first one found is the most exact. */
export const ANYWHERE = phrasesOf("anywhere").sort((a, b) => b.text.length - a.text.length);
export const ALONE = mapOf([...phrasesOf("alone"), ...phrasesOf("anywhere")]);
export const ALONE_OF_PHONE = mapOf(phrasesOf("ofPhone"));
