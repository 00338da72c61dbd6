// Spanish verbs in the forms in which people forbid something or order it, made from their stems: escriba, escriban,
// escribas, escribir, escribirme, escribiendo; quite, quítenme, quitarme …

const join = (stems: string, endings: string) =>
  stems
    .split(" ")
    .flatMap((stem) => endings.split(" ").map((ending) => stem + (ending === "-" ? "" : ending)));

/** After "no": a wish not to be written to. No past forms: "no me mandó" is a complaint that nothing came. */
const FORBIDDEN_AR = "E EN ES AR ARME ARNOS ARLE ARLES ANDO ANDOME ANDONOS EIS";
const FORBIDDEN_ER = "A AN AS IR IRME IRNOS IRLE IRLES IENDO IENDOME IENDONOS";
const contact = [
  ...join("LLAM MOLEST CONTACT TEXTE TESTE MENSAJE HABL FASTIDI TEXT ACOS", FORBIDDEN_AR),
  ...join("BUSQU MARQU JOROBU", "E EN ES"),
  ...join("BUSC MARC", "AR ARME ARNOS ANDO ANDOME"),
  ...join("ESCRIB INSIST", FORBIDDEN_ER),
  ...join("CHINGU FREGU", "E EN ES"),
  ...join("FREG", "AR ARME ANDO ANDOME"),
  ...join("CHING", "AR ARME ANDO"),
  ...join("JOD", "A AN AS ER ERME IENDO"),
  ...join("ESTE ESTEN SIGA SIGAN", "-"),
];
/** The same of sending, which may also be of photos or contracts. */
const send = join("MAND ENVI", FORBIDDEN_AR);
/** After "preferiría que no": the same, wished. */
const wished = [
  ...join("LLAM MOLEST CONTACT TEXTE BUSC MARC HABL MAND ENVI FASTIDI", "ARA ARAN ARAS"),
  ...join("ESCRIB INSIST", "IERA IERAN IERAS"),
];
/** After "dejen de": what should end. */
const stopDoing = [
  ...join(
    "MAND ENVI LLAM MOLEST CONTACT TEXTE MENSAJE FASTIDI CHING BUSC MARC HABL TEXT ACOS JOROB MOLET FREG",
    "AR ARME ARNOS ARLE",
  ),
  ...join("ESCRIB INSIST", "IR IRME IRNOS IRLE"),
  ...join("JOD", "ER ERME"),
  ..."ESTAR SEGUIR".split(" "),
];
/** An order to whoever keeps the list, also as a wish: que me borren. */
const WHOM = "- ME NOS LO LA";
const orders = (stems: string, endings: string) => join(join(stems, endings).join(" "), WHOM);
const remove = [
  ...orders("QUIT BORR ELIMIN CANCEL RETIR DESUSCRIB DESINSCRIB BAJ TACH ANUL SAC REMOV REMUEV", "AR"),
  ...orders("QUIT BORR ELIMIN CANCEL RETIR TACH ANUL BAJ DEPUR EXCLUY", "A E EN"),
  ...orders("SAQU", "E EN"),
  ...orders("SAC", "A"),
  ...orders("REMUEV", "A AN E EN"),
  ...orders("REMOV", "ER"),
  ...orders("DESUSCRIB DESINSCRIB", "A AN E IR"),
];
const removeMe = remove.filter((form) => /(?:ME|NOS)$/.test(form));
const askRemove = [
  ...join("QUIT BORR ELIMIN CANCEL RETIR TACH", "EN E ARAN ARA"),
  ...join("SAQU", "E EN"),
  ...join("SAC", "ARAN ARA"),
  ...join("REMUEV", "A AN"),
  "DEN",
  "DE",
];
const stop = [
  ...join("PAR CES TERMIN SUSPEND", "E EN"),
  (
    "DEJE DEJEN DEJA DEJAR DETENGA DETENGAN BASTA BASTE PARA PARENLE PARELE PARALE PARAR SUSPENDA " +
    "SUSPENDAN"
  ).split(" "),
  "CESAR DEJENSE DEJESE PARENLA PARELA".split(" "),
].flat();
const halt =
  "DETENTE DETENGASE DETENGANSE DETENERSE DETENGAN DETENGA DETENER PARENLE PARELE PARALE PARENLA PARELA".split(
    " ",
  );

export const SPANISH_FORMS: Readonly<Record<string, string>> = {
  ES_SEND: send.join(" "),
  ES_CONTACT: contact.join(" "),
  ES_WISHED: [...contact, ...send, ...wished].join(" "),
  ES_DOING: stopDoing.join(" "),
  ES_REMOVE: remove.join(" "),
  ES_REMOVE_ME: removeMe.join(" "),
  ES_ASK_REMOVE: askRemove.join(" "),
  ES_STOP: stop.join(" "),
  ES_HALT: halt.join(" "),
  ES_LEAVE: "DEJEME DEJENME DEJAME DEJENOS DEJENNOS DEJANOS DEJENLA DEJENLO DEJEN DEJE DEJA",
};
