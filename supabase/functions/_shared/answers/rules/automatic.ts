// Texts that no person wrote: of phones in cars, absent people, shops and networks.
import type { RuleList } from "./rule-language.ts";

export const AUTOMATIC_EN: RuleList = {
  kind: "automatic",
  language: "en",
  rules: [
    ["driving", "DISTURB WHILE DRIVING"],
    ["carplay", "SENT FROM CARPLAY|MY_CAR|ANDROID_AUTO"],
    ["driving mode", "^ DRIVING MODE"],
    ["driving now", "IM|I CURRENTLY? DRIVING *3 WILL|ILL|CANT|UNABLE|GET|RESPOND"],
    ["I'm driving right now", "IM CURRENTLY? DRIVING|BUSY_DRIVING RIGHT_NOW|NOW|AND|AT_THE_MOMENT|WITH|$"],
    ["do not disturb", "ON|WITH|HAVE DONT DISTURB"],
    ["focus", "NOTIFICATIONS SILENCED|TURNED_OFF"],
    [
      "auto reply",
      "AUTO|AUTOMATIC|AUTOMATED|AUTOREPLY|AUTORESPONSE|AUTOREPLIED REPLY|RESPONSE|RESPONDER|MESSAGE|" +
        "TEXT|REPLIED|$",
    ],
    ["out of office", "OUT_OF OFFICE|THE_OFFICE|MY_OFFICE >BUILDING|BUT"],
    [
      "thanks for contacting",
      "THANK|THANKS YOU? FOR CONTACTING|REACHING_OUT_TO|TEXTING|CALLING|YOUR_MESSAGE|YOUR_TEXT|" +
        "MESSAGING >ME|YOU",
    ],
    ["message received", "YOUR MESSAGE|TEXT|REQUEST|INQUIRY HAS_BEEN|WAS RECEIVED"],
    ["assistant", "GOOGLE_ASSISTANT|CALL_SCREENING|VIRTUAL_ASSISTANT"],
    ["away", "AWAY FROM MY|THE DESK|OFFICE|COMPUTER"],
    [
      "a team member",
      "TEAM_MEMBER|REPRESENTATIVE|ASSOCIATE|SPECIALIST WILL BE|CONTACT|RESPOND|REACH|GET WITH|YOU|OUT|BACK|TO",
    ],
    ["received your message", "WE HAVE? RECEIVED|GOT YOUR MESSAGE|TEXT|INQUIRY AND|$"],
    ["office hours", "BUSINESS|OFFICE HOURS ARE|MF|M"],
    ["not monitored", "NUMBER|MAILBOX|INBOX|LINE|ACCOUNT ISNT|NOT|UNMONITORED MONITORED"],
    ["no texts", "NUMBER|LINE DOESNT|CANT|CANNOT ACCEPT|RECEIVE TEXT|TEXTS|SMS|REPLIES|MESSAGES"],
    ["cannot receive", "NUMBER THAT CANT RECEIVE|ACCEPT"],
    [
      "unavailable",
      "SUBSCRIBER|CUSTOMER|PERSON_YOU|PARTY_YOU *8 UNAVAILABLE|NOT_AVAILABLE|ISNT_AVAILABLE|ACCEPTING|" +
        "NOT_ACCEPTING",
    ],
    ["undelivered", "MESSAGE|TEXT COULD|CANT|WAS NOT|COULDNT? BE? DELIVERED|SENT"],
    ["couldn't be delivered", "COULD NOT BE DELIVERED"],
    ["message blocking", "MESSAGE BLOCKING"],
    ["undeliverable", "UNDELIVERABLE|NOT_DELIVERED"],
    ["not in service", "NUMBER NOT IN SERVICE"],
    ["please do not reply", "AUTOMATED|MONITORED PLEASE? DONT REPLY"],
    ["can't talk alone", "^ I CANT TALK|TEXT RIGHT_NOW $"],
    ["can't talk", "SORRY I CANT TALK|TEXT RIGHT_NOW|NOW"],
    ["sent from my car", "SENT FROM MY CAR"],
  ],
};

export const AUTOMATIC_ES: RuleList = {
  kind: "automatic",
  language: "es",
  rules: [
    ["no molestar al conducir", "MOLESTAR AL|MIENTRAS CONDUCIR|CONDUZCO|CONDUCE|MANEJAR"],
    ["conduciendo", "ESTOY CONDUCIENDO|MANEJANDO TE|LE|LO|AHORA RESPONDO|CONTESTO|RESPONDERE|CONTESTARE"],
    ["automático", "RESPUESTA|MENSAJE|CONTESTACION AUTOMATICA|AUTOMATICO|AUTOMATIZADO"],
    ["fuera de oficina", "FUERA DE LA? OFICINA"],
    [
      "gracias por comunicarse",
      "GRACIAS POR COMUNICARSE|CONTACTARNOS|SU_MENSAJE|ESCRIBIRNOS|CONTACTAR|TU_MENSAJE|LLAMAR|" +
        "COMUNICARTE|CONTACTARSE",
    ],
    ["hemos recibido", "HEMOS RECIBIDO SU|TU MENSAJE|TEXTO"],
    ["horario", "HORARIO DE ATENCION"],
    ["no recibe textos", "NUMERO NO RECIBE|ACEPTA MENSAJES|TEXTOS|MENSAJE"],
  ],
};
