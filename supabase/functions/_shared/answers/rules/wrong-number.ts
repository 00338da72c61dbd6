// Texts of people who are not the one whom the organisation looks for, or who don't own the land.
import type { RuleList } from "./rule-language.ts";

export const WRONG_NUMBER_EN: RuleList = {
  kind: "wrong_number",
  language: "en",
  rules: [
    [
      "wrong number",
      "WRONG|WRNG|WORNG|RONG|INCORRECT PHONE|CELL? NUMBER|NUM|NO|NUNBER|NUMBR|NUMBA|NUMBAH|DIGITS|<NAME_WORD> >TO_CALL",
      "own_message",
    ],
    ["wrong", "^ HAVE|GOT THE? WRONG $"],
    ["not the right number", "NOT|ISNT|DONT_HAVE|WRONG THE|A? RIGHT|CORRECT NUMBER|PERSON|PHONE|ONE"],
    [
      "not the person",
      "NOT|ISNT THE|THAT|WHO PERSON|ONE|YOU|WHO *2 LOOKING|WANT|NEED|THINK|ARE|TRYING >DECISION",
      "not_alone",
    ],
    ["not that person", "NOT THE|THAT PERSON $"],
    ["not him", "^ IM|THIS|ITS|THATS|I|NO|ISNT|THIS_IS? NOT|ISNT HIM|HER|HIM_OR_HER|MAN|ME $", "not_alone"],
    [
      "not somebody",
      "^ SORRY|NO? IM|THIS|IT|ITS|THATS|I_AM|HES|SHES NOT|ISNT MR|MRS|MS|DR? SOMEBODY SOMEBODY? $",
      "somebody_else",
    ],
    ["not that name", "^ AND? NOT SOMEBODY SOMEBODY? $", "+introduces|somebody_else"],
    ["once theirs", "THIS|IT WAS|IS|USED_TO_BE MY|SOMEBODYS|HIS|HER *2 NUMBER|PHONE >TOO|ALSO", "+former"],
    ["got another", "YOU HAVE|GOT|REACHED SOMEONE|ANOTHER ELSE|PERSON"],
    ["not my name", "^ THATS|THIS|IT|ITS? NOT|ISNT MY NAME $"],
    ["new owner of the phone", "PHONE|NUMBER|CELL|LINE NOW? BELONGS TO >THE_ESTATE|HIM|HER|MY"],
    ["no longer theirs", "THIS|IT|ITS *1 NO_LONGER *2 NUMBER|PHONE|CELL"],
    [
      "former holder",
      "PREVIOUS|FORMER|OLD|LAST|PRIOR OWNER|USER|HOLDER OF THIS|THE|MY PHONE|CELL? NUMBER|PHONE|CELL",
    ],
    [
      "they have another",
      "HE|SHE|HES|SHES|THEY|SOMEBODY *1 CHANGED|GOT|HAS HIS|HER|THEIR|A|PHONE NEW? NUMBER|NUMBERS|PHONE",
    ],
    ["not somebody's", "THIS|IT|NUMBER ISNT|NOT SOMEBODYS"],
    ["named otherwise", "MY|OUR NAME ISNT|NOT SOMEBODY"],
    ["knows nobody", "DONT|NO KNOW A|ANY|ANYONE|ANYBODY|NO? NAMED? SOMEBODY"],
    ["nobody of that name", "NO SOMEBODY HERE|AT|LIVES|ON"],
    ["who is that", "THERES|THERE_IS|IS NO SOMEBODY"],
    ["this is not him", "THIS|IT|THATS ISNT|AINT|NOT HIM|HER|ME"],
    ["not named", "MY|OUR NAME ISNT|AINT|NOT|IS_NOT"],
    ["not theirs", "NOT|NO_LONGER|ISNT|WASNT HIS|HER|THEIR|HIM NUMBER|PHONE|CELL|LINE >IM"],
    ["doesn't have this number", "DOESNT|NO_LONGER|DIDNT HAVE|HAS|USE|USES THIS|THE NUMBER|PHONE|CELL"],
    ["doesn't belong", "NUMBER|PHONE|LINE DOESNT|NO_LONGER|DONT|ISNT BELONG|BELONGS"],
    [
      "never heard of them",
      "NEVER|NOT|HAVENT HEARD OF A|ANY|MR|MRS|MS? HIM|HER|THEM|THAT_PERSON|THIS_PERSON|THAT_NAME|SOMEBODY",
    ],
    ["no one here", "NO|NOONE|NOBODY|NO_ONE *1 BY|WITH|UNDER|NAMED THAT|THE|THIS|SUCH NAME"],
    ["no such person", "NO SUCH PERSON|NAME|GUY|LADY"],
    [
      "don't know them",
      "!I_ALSO DONT KNOW HIM|HER|THEM|THAT|THIS|ANY|ANYONE|ANYBODY|A|WHO PERSON|NAMED|NAME|GUY|LADY|BY|" +
        "THAT|THIS|HE|SHE|$",
      "knows_not_place",
    ],
    ["no idea who", "NO_IDEA|NO_CLUE|DONT_KNOW|NOT_SURE WHO THAT|THIS|HE|SHE|THEY|YOU_WANT|THATS IS|ARE|$"],
    [
      "doesn't live here",
      "DOESNT|DONT|NO_LONGER|DOES|NEVER|NOT|DID NT? LIVE|LIVES|LIVED HERE|AT_THIS",
      "kin",
    ],
    ["moved away", "MOVED AWAY|OUT|ON *3 NOT|ISNT HIS|HER"],
    ["new number", "JUST|ONLY|RECENTLY|I GOT|BOUGHT|HAVE THIS|A THIS_IS_A? NEW? NUMBER|PHONE *3 NOT|JUST"],
    ["just got it", "JUST|ONLY|RECENTLY GOT|GOTTEN|BOUGHT THIS|A THIS_NEW? NEW? NUMBER|PHONE"],
    ["got it lately", "GOT|HAD THIS PHONE|NUMBER|CELL|PHONE_NUMBER LAST|FOR|A|TWO|IN *4"],
    ["new to me", "IS A NEW NUMBER"],
    [
      "someone else",
      "LOOKING_FOR|CONFUSED_WITH|WANT|CONFUSED|MIXED_UP|MISTAKEN *2 SOMEONE|SOMEBODY|ANOTHER_PERSON ELSE",
    ],
    ["mixed up", "HAVE|GOT|GET ME MIXED|CONFUSED"],
    ["mistaken", "MISTAKEN IDENTITY|NUMBER"],
    ["a mistake", "BE|IS A MISTAKE"],
    [
      "wrong to text",
      "TEXTED|TEXTING|REACHED|CALLED|CALLING|CONTACTED|DIALED|HAVE THE? WRONG >PARCEL|ADDRESS|PRICE|" +
        "COUNTY|ACREAGE|TIME|LOT|LAND|PROPERTY",
    ],
    [
      "owns no land",
      "!WHY I|WE DONT|NEVER|DIDNT|DO_NOT EVER|EVEN|ACTUALLY? OWN|OWNED ANY|LAND|PROPERTY|THAT|THIS|NO|" +
        "REAL_ESTATE|IT|ANYTHING|A_PROPERTY|A_LOT|A_HOUSE|A_HOME|A_PIECE " +
        ">ALONE|OUTRIGHT|MINERAL|NUMBER|PRICE|PROBLEM|TIME|ANY_QUESTIONS|ANY_PLANS|WAY|REALTOR|COPY|" +
        "CLUE|PREFERENCE",
      "not_alone",
    ],
    ["has none", "I|WE DONT|NEVER HAVE|HAD ANY? A? <LAND>", "not_alone"],
    ["has no land", "I|WE HAVE|OWN|GOT NO LAND|PROPERTY|ACREAGE|LOTS"],
    ["not mine", "NOT|ISNT|AINT|NEVER|WASNT MY|OUR|MINE <LAND>|$", "kin"],
    ["isn't mine", "<LAND> ISNT|NOT|AINT MINE|OURS"],
    ["not the owner", "NOT THE? OWNER >YET|ANYMORE|ALONE|BUT|MY", "not_alone"],
    ["renter", "I|WE RENT I|WE? DONT? OWN?"],
    ["moved in", "HIS|HER EX|FORMER|OLD WIFES|HUSBANDS|NUMBER|PHONE"],
    [
      "a business",
      "THIS IS PIZZA|THE_FIRE|A_BUSINESS|A_SCHOOL|A_HOSPITAL|THE_POLICE|A_RESTAURANT|A_CHURCH|A_STORE|" +
        "THE_SCHOOL|911 *3 $",
    ],
  ],
};

export const WRONG_NUMBER_ES: RuleList = {
  kind: "wrong_number",
  language: "es",
  rules: [
    [
      "número equivocado",
      "NUMERO|PERSONA|TELEFONO|CELULAR|CONTACTO|NUMBER EQUIVOCADO|EQUIVOCADA|INCORRECTO|INCORRECTA|MALO|" +
        "ERRONEO|ERRADO|EQUIVOCADOS",
    ],
    ["equivocado", "^ ESTA|ESTAN|ESTAS|ANDA? EQUIVOCADO|EQUIVOCADA|EQUIVOCADOS DE? NUMERO|PERSONA? $"],
    [
      "equivocado de",
      "EQUIVOCADO|EQUIVOCADA|EQUIVOCO|EQUIVOCA|EQUIVOCASTE|EQUIVOCARON DE NUMERO|PERSONA|TELEFONO|CASA",
    ],
    ["se equivocó", "SE|TE|ME HA|HAN? EQUIVOCO|EQUIVOCA|EQUIVOCADO|EQUIVOCARON|EQUIVOCASTE|EQUIVOCAS"],
    ["no soy yo", "^ YA? NO SOY YO? $", "kin_es"],
    ["yo no soy", "^ YO NO SOY|FUI $"],
    [
      "no soy María",
      "^ YO? NO|YA_NO SOY|ES|SOMOS EL|LA? SENOR|SENORA|SR|SRA|DON|DONA? SOMEBODY SOMEBODY? $",
      "kin_es",
    ],
    ["no soy ella", "NO SOY EL|ELLA $"],
    [
      "no conozco a María",
      "NO CONOZCO A|NINGUN|NINGUNA NINGUN|NINGUNA|LA|EL|UN? SENOR|SENORA? SOMEBODY|NADIE|NINGUNA_PERSONA",
    ],
    ["no hay ninguna María", "NO HAY|VIVE|ESTA NINGUN|NINGUNA|NADIE SOMEBODY|CON_ESE|QUE_SE_LLAME"],
    ["no es el número de María", "NO ES EL|LA NUMERO|TELEFONO|CELULAR DE SOMEBODY|EL|ELLA|ESA"],
    ["no me llamo", "NO ME LLAMO SOMEBODY|ASI"],
    [
      "no soy el dueño",
      "NO SOY|SOMOS EL|LA|LOS|NINGUN|NINGUNA? DUENO|DUENA|DUENOS|PROPIETARIO|PROPIETARIA >SOLO|SOLA|" +
        "UNICO|TODAVIA|AUN",
      "not_alone_es",
    ],
    ["no soy esa persona", "NO SOY ESA|LA|ESE|ESTE|AQUELLA PERSONA|SENOR|SENORA >DE"],
    ["no soy quien busca", "NO SOY QUIEN|A_QUIEN|EL_QUE|LA_QUE|LA_PERSONA|CON_QUIEN"],
    [
      "no es su número",
      "NO|YA_NO ES EL|LA|SU|MI|DE? NUMERO|TELEFONO|CELULAR|NOMBRE|TERRENO|PROPIEDAD|LOTE >PERO",
    ],
    [
      "no es mío",
      "NO ES MIO|MIA|MI_TERRENO|MI_PROPIEDAD|NUESTRO >SOLO|SOLA|SOLAMENTE|UNICAMENTE",
      "not_alone_es",
    ],
    [
      "no lo conozco",
      "NO LO|LA|LE|LOS? CONOZCO A? ESA|ESE|NADIE|ESTA|NINGUN|NINGUNA|ESE_NOMBRE|ESTE|$",
      "knows_not_place",
    ],
    ["no sé quién es", "NO SE QUIEN|DE_QUIEN|A_QUIEN ES|SEA|ME_HABLA|BUSCA|HABLA|BUSCAN"],
    ["aquí no vive", "AQUI|YA|ACA NO VIVE|HAY|ES|ESTA NADIE|NINGUN|NINGUNA|ESE|ESA|EL|ELLA|$", "kin_es"],
    ["no vive aquí", "NO VIVE|VIVEN AQUI|ACA|EN_ESTA", "kin_es"],
    ["ya no vive", "YA NO VIVE|VIVEN AQUI|ACA", "kin_es"],
    ["no es aquí", "NO ES AQUI|ACA|AHI"],
    [
      "no tengo terreno",
      "!YA NO TENGO|TENEMOS|TUVE|POSEO NINGUN|NINGUNA|ALGUN|UN|ESE|ESA|NADA_DE? TERRENO|TERRENOS|" +
        "PROPIEDAD|PROPIEDADES|LOTE|LOTES|TIERRA|TIERRAS",
    ],
    ["nunca tuve", "NUNCA|JAMAS TUVE|HE_TENIDO|TENIDO|TENIA *1 TERRENO|TERRENOS|PROPIEDAD|TIERRAS"],
    [
      "otra persona",
      "CONFUNDE|CONFUNDIENDO|CONFUNDIO|BUSCA|BUSCANDO|CONFUNDIERON CON|A OTRA|ALGUIEN PERSONA|MAS",
    ],
    ["me confunde", "ME ESTA|ESTAN? CONFUNDE|CONFUNDIENDO|CONFUNDIO|CONFUNDEN"],
    [
      "número nuevo",
      "ACABO_DE|RECIEN|APENAS COMPRAR|COMPRE|SACAR|TENER|AGARRAR|RECIBIR|OBTENER|ADQUIRIR *1 NUMERO|CELULAR|TELEFONO",
    ],
    [
      "ya es de otro",
      "ESTE NUMERO|CELULAR|TELEFONO YA_NO|AHORA ES|PERTENECE DE|A|MIO|SU|DEL? EL|ELLA|MIO|MI|SOMEBODY|OTRA|NO|$",
    ],
    [
      "cambió de número",
      "^ YA? EL|ELLA|ESA_PERSONA|ESE_SENOR|ESA_SENORA YA? CAMBIO DE NUMERO|TELEFONO|CELULAR",
    ],
    ["anda mal", "^ ANDA|ANDAS|ESTA|TIENE MAL DE|EL? NUMERO $"],
    ["no ese nombre", "^ Y? NO SOMEBODY SOMEBODY? $", "+introduces|kin_es"],
    ["tengo número nuevo", "NUMERO NUEVO NO_SOY|NO"],
  ],
};
