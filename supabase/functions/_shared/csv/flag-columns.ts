// Which columns say something about a phone, by their names: opt-outs, consent, status, whether the line is active.
import { ABOUT_MAIL, ABOUT_PHONE } from "./flag-words.ts";
import type { FlagKind } from "./read-flag.ts";

/** The end of the field that such a column goes to: primary_phone_dnc, phone_consent. */
export type FlagField = "dnc" | "consent" | "status";

/** Lists of persons who may not be called. A date may be that of the check, so it is no flag. */
const LISTED = /\b(?:dnc|litigators?|tcpa)\b/;
const NOT_LISTED = /\b(?:date|fecha|source|mail|scrubbed|scrub|checked|time|timestamp)\b/;
/** What a person has said. A date or a reason is there only if they did. */
const OPTED_OUT =
  /\b(?:opt(?:ed|s|ing)? out|opt outs|optout|optedout|unsubscribed?|unsub|unsubscription|do not (?:call|text|contact|disturb|sms|message|solicit|whatsapp)|dnd|donot(?:call|text|sms|contact|disturb)|no (?:sms|texts?|calls?|mensajes|llamar|llame|contactar|molestar|molesten?|escribir|enviar|mandar)|rechaza (?:sms|mensajes|textos)|black ?list(?:ed)?|block ?list(?:ed)?|blocked|suppress(?:ed|ion)|dad[oa] de baja|fecha de baja|de baja|lista negra|bloquead[oa]|suprimid[oa]|desuscrit[oa]|desinscrit[oa]|(?:consent|consentimiento) (?:revoked|withdrawn|denied|revocado)|revoked consent)\b/;
/** These are flags if nothing else is in the name but a word about phones. */
const OPTED_OUT_ALONE =
  /^(?:(?:sms|text|phone|number|is|has|was|date|fecha|at|on|via|time|status|flag|telefono|numero) )*(?:stop|stopped|stopall|baja|bajas|revoked|removed|suppress|blacklist|exclude from sms|excluido de sms|complained|complaint|spam complaint|remove|remove me|muted|(?:reply|replied|texted|sent) stop)(?: (?:sms|text|texts|phone|number|date|fecha|at|on|status|flag|request|requested|keyword received))*$/;
const CONSENT =
  /\b(?:consents?|consented|opt(?:ed|s)? in|optin|optedin|(?:sms|text|marketing|contact|call|tcpa) permission|permission to (?:text|call|contact)|consentimiento|permiso|acepta (?:sms|mensajes|textos|llamadas)|autoriza(?:cion)?)\b/;
const SUBSCRIBED =
  /\b(?:subscribed|subscriber|subscription|accepts? (?:(?:sms|text|email) )?marketing|(?:sms|text) (?:marketing|enabled|allowed|ok)|allows? (?:sms|texts?|texting|calls?|contact)|allowed to (?:text|call|contact)|ok(?:ay)? to (?:text|call|contact|sms|message)|can (?:be )?(?:text|texted|call|called|contact|contacted|sms|message)|may (?:text|call|contact)|textable|contactable|receives? (?:sms|texts?)|wants? (?:sms|texts?)|suscrit[oa]|suscripcion|recibe (?:sms|mensajes))\b/;
/** Said about the consent, such as when and how it was given. */
const ABOUT_CONSENT =
  /\b(?:date|fecha|time|timestamp|source|method|ip|url|link|language|version|evidence|proof|type|reason|by|at|on|form|wording|copy|id|plan|price|tier|channel)\b/;
/** Said about an opt-out, whether or not there is one. */
const ABOUT_OPT_OUT =
  /\b(?:link|url|instructions?|template|language|count|rate|wording|copy|method|mail|page|confirmation)\b/;
const OF_A_PHONE =
  /\b(?:phones?|numbers?|cell|cellular|mobile|landline|line|tel|telefonos?|numeros?|celular(?:es)?|movil|linea|sms)\b/;
const ENDS_WITH_PHONE = /\b(?:phones?|numbers?|cell|mobile|tel|telefono|celular|movil)(?: \d{1,2})?$/;
const STATUS =
  /\b(?:status|estatus|estado|tags?|etiquetas?|result|resultado|disposition|outcome|notes?|notas?)\b/;
const STATUS_OF_LEAD =
  /^(?:(?:last|latest|final|current|ultimo|ultima) )?(?:(?:call|sms|text|message|contact|lead|campaign|dialer|agent|crm|prospect|reply|response|inbound|outreach|conversation|engagement|answer|respuesta|mensaje|llamada) )?(?:status|estatus|disposition|dispo|result|outcome|resultado|disposicion|tags?|etiquetas?|contacto (?:estado|estatus)|call result|call disposition|call outcome|(?:last )?(?:reply|response|answer)|(?:ultima )?respuesta|(?:estado|estatus|resultado) de(?: la| el|l)? (?:llamada|mensaje|respuesta|contacto))(?: \d{1,2})?$/;
const ACTIVE = /\b(?:active|connected|reachable|working|in service|valid|validity|activo|activa|vigente)\b/;
const INACTIVE =
  /\b(?:disconnected|inactive|invalid|not in service|out of service|bad number|bad phone|dead number|desconectado|inactivo|invalido|fuera de servicio)\b/;
const ALWAYS_OF_A_LINE = /^(?:is )?(?:disconnected|in service|desconectado)(?: flag)?(?: \d{1,2})?$/;
const REASSIGNED = /\b(?:reassigned|re assigned|rnd|reasignado)\b/;
const WRONG = /\b(?:wrong (?:number|num|no|phone|person|party)|wrong|numero equivocado|equivocado)\b/;
const NOT_A_STATE_OF_LINE = /\b(?:date|fecha|since|score|time|desde|source|count|seen|id|code)\b/;

/** @param name a column's name with its words spelled out @returns null if it says nothing about a phone */
export function flagFieldOf(name: string): FlagField | null {
  if (ABOUT_MAIL.test(name) && !ABOUT_PHONE.test(name)) return null;
  const isOptOut = (OPTED_OUT.test(name) || OPTED_OUT_ALONE.test(name)) && !ABOUT_OPT_OUT.test(name);
  const isConsent = (CONSENT.test(name) || SUBSCRIBED.test(name)) && !ABOUT_CONSENT.test(name);
  // "Opt-in/opt-out": a no denies, and a yes says nothing.
  if (isOptOut)
    return CONSENT.test(name) && !/revoked|withdrawn|denied|revocado/.test(name) ? "consent" : "dnc";
  if (LISTED.test(name) && !CONSENT.test(name)) return NOT_LISTED.test(name) ? null : "dnc";
  if (isConsent) return "consent";
  if (NOT_A_STATE_OF_LINE.test(name)) return null;
  if (REASSIGNED.test(name) || (WRONG.test(name) && !STATUS.test(name))) return "status";
  if (ALWAYS_OF_A_LINE.test(name)) return "status";
  if (!OF_A_PHONE.test(name)) return null;
  // "Active Phone 1" holds phones.
  const isActive = ACTIVE.test(name) && !ENDS_WITH_PHONE.test(name);
  return isActive || INACTIVE.test(name) || STATUS.test(name) || /\bflags?\b/.test(name) ? "status" : null;
}

/** Whether a column of another name holds words about the person that may be an opt-out: "Disposition", "Tags 2". */
export const isStatusOfLead = (name: string): boolean => STATUS_OF_LEAD.test(name);

/** Columns of a list that was checked by a service, if their names do not say that they are about phones. */
export const isStateOfLine = (name: string): boolean =>
  /^(?:is )?(?:active|connected|inactive|reachable|working|valid|activo)(?: flag)?$/.test(name);

/** Line types whose column does not say that it is about phones. */
export const LINE_TYPE = /\b(?:line ?type|carrier type|tipo de linea)\b/;

/** How the cells of a column are read. @param field that it goes to @param name with its words spelled out */
export function flagKindOf(field: string, name: string): FlagKind {
  if (field.endsWith("_dnc")) return "listed";
  if (field.endsWith("_consent")) {
    const isOnlySubscribed = SUBSCRIBED.test(name) || OPTED_OUT.test(name);
    return isOnlySubscribed && !(CONSENT.test(name) && !OPTED_OUT.test(name)) ? "subscribed" : "consent";
  }
  if (field === "status" || field === "tags") return "lead";
  if (field === "notes") return "note";
  if (!STATUS.test(name)) {
    if (REASSIGNED.test(name)) return "reassigned";
    if (WRONG.test(name)) return "wrong_number";
    if (INACTIVE.test(name)) return "inactive";
    if (ACTIVE.test(name)) return "active";
  }
  return field === "phone_status" && !OF_A_PHONE.test(name) && !LINE_TYPE.test(name) ? "lead" : "phone";
}

/** Words that are said of people who are not to be written to, in a column of any name. */
export const SURE_WORDS =
  /\b(?:dnc|d(?:o not|ont|on t) (?:call|te?xt|contact|message|sms|disturb)|opted out|unsub(?:scribed)?|wrong number|(?:replied|texted|sent|said|asked us to) stop|blacklisted|no (?:llamar|contactar|molestar|escribir|mandar)|dad[oa] de baja|numero equivocado)\b/;
