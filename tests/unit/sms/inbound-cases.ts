// Realistic inbound texts and the required class of each; R after the kind means that a person must review it.

type Expected = "stop" | "stop R" | "help" | "start" | "wrong_number R" | "reply" | "reply R";

/** Kind, language if the text itself shows it, and the texts, separated by bars. */
const lists: [Expected, "es" | "en" | null, string][] = [
  [
    "stop",
    "en",
    `STOP | stop | Stop | Stop. | STOP!!! | “Stop” | stop 🛑 | 🛑 STOP 🛑 | *STOP* | S T O P | s.t.o.p. |
    Stop. Thank you | stop please | Please stop | PLEASE STOP! | pls stop | Stop now | stop, thanks |
    Thanks, stop | No stop | No. Stop. | Ok stop | Stop sir | Hi, stop please | Just stop already | STOPALL |
    stop all | Unsubscribe | unsubscribe please | Cancel | cancel, thank you | END | End. | quit |
    Quit please | Revoke | OPTOUT | opt out | Opt-out | opt-out please | Remove | remove please |
    No thank you! Unsubscribe.`,
  ],
  [
    "stop",
    "es",
    `ALTO | alto | Alto. | ¡ALTO! | Alto por favor | Por favor, alto | alto gracias | ya alto | Ya basta |
    ¡Basta ya! | basta | PARAR | Pare | Pare por favor | Paren ya | PARA | ¡Para! | Para ya por favor | baja |
    BAJA | Baja por favor | Dar de baja | darme de baja por favor | cancelar | Cancelar, gracias | Cancela |
    detener | Detenga | terminar | FIN | fin, gracias | Salir | eliminar | Remover por favor | borrar |
    quitar | No más | no mas | NO MÁS!! | no mas por favor | No enviar | Buenas tardes, alto |
    Hola, baja por favor`,
  ],
  [
    "stop R",
    "en",
    `remove me | Remove me please | Please remove me from your list | remove my number |
    take me off your list | Take me off this list ASAP | delete my number | Lose my number | Do not text me |
    DONT TEXT ME | Don't text me again | Don’t contact me anymore | please do not contact us again |
    do not call | don't call or text me | Don't text | Never text this number again |
    Do not send me any more messages | no more texts | No more messages please | stop texting me |
    STOP TEXTING ME!!! | Please stop messaging me | Stop sending me messages | quit texting me |
    Quit bothering me | can you stop sending these | Stop it | stop harassing me | stop with the texts |
    cancel all messages | end texts | leave me alone | Leave us alone! | I want to unsubscribe |
    unsubscribe me | How do I unsubscribe | I'd like to opt out | opt me out please | I revoke my consent |
    I never gave you permission | I didn't consent to this | I don't want to receive these |
    I do not want your texts | I no longer want to hear from you | I'm on the do not call list |
    I am on the Do Not Call registry | go away | fuck off | I'm going to report you |
    I will block this number | this is harassment | Not interested. STOP | Not interested, stop. |
    STOP. I'm not selling | Stop! Who is this? | stop, I already told you no | STOP I don't want to sell |
    Stop I said no | I told you to STOP already | Please, I said STOP | Cancel. I am not selling |
    Wrong number, stop texting me | Wrong number. STOP | stpo | stopp | sotp | unsub | No more |
    no texts please | Remove from list | Interested? No. Remove. | Not interested. Cancel. |
    Yes but stop calling so early | Stop trying to buy my land | Stop msg`,
  ],
  [
    "stop R",
    "es",
    `no me escriba más | No me escriba mas por favor | No me escriban | ya no me escriba |
    no me mande mensajes | No me manden más mensajes | no me envíe nada | No me llame más | no me moleste |
    No me molesten más!! | NO MOLESTAR | no nos contacte | No me contacten | no me textee mas |
    no me vuelva a escribir | No vuelvan a llamar | no escriba más | no llamar | no mandar mensajes |
    Ya no quiero recibir mensajes | no quiero más mensajes | no deseo recibir sus mensajes |
    No quiero que me escriban | deje de escribirme | Dejen de mandarme mensajes | deja de molestar |
    pare de escribir | Paren de mandar mensajes | déjeme en paz | Déjenme tranquila | quíteme de su lista |
    Quítenme de la lista por favor | borre mi número | Elimine mi número por favor | sáquenme de su lista |
    bórreme | quiero darme de baja | deme de baja | Solicito la baja | no más mensajes por favor |
    cancele mi suscripción | Revoco mi consentimiento | no doy permiso | los voy a reportar |
    Voy a denunciarlos | voy a bloquear este número | Ya no | ya no gracias | Alto. No vendo |
    ALTO no quiero vender | Basta, no me interesa | Fin. No me interesa | No me interesa. ALTO |
    No vendo, alto | no quiero nada, ya basta | altoo | no mensajes por favor | Parar mensajes |
    detener los mensajes | Alto a los mensajes | NO LLAMEN | Eliminar mi número | Pare! no vendo |
    Número equivocado, no me escriba`,
  ],
  ["help", "en", `HELP | help | Help! | help please | INFO | info | Info please`],
  ["help", "es", `AYUDA | ayuda | ¡Ayuda! | ayuda por favor | Ayuda, gracias`],
  ["start", "en", `START | start | Start please | UNSTOP | opt in | resubscribe`],
  ["start", "es", `ALTA | alta | Alta por favor | iniciar | Comenzar | reanudar`],
  [
    "wrong_number R",
    "en",
    `Wrong number | wrong number! | Sorry wrong number | You have the wrong number |
    I think you have the wrong person | No one here by that name | nobody by that name |
    I don't know who that is | This is not his number | I don't own any land | We do not own that property |
    That's not my property | I'm not the owner | she doesn't live here`,
  ],
  [
    "wrong_number R",
    "es",
    `Número equivocado | numero equivocado | Equivocado | está equivocado de número | Se equivocó de número |
    se equivoca de persona | No soy el dueño | no soy dueña | no conozco a esa persona | No soy esa persona |
    Aquí no vive | ya no es su número | No tengo ningún terreno | no tengo terrenos`,
  ],
  [
    "reply",
    null,
    `Yes | YES | yes I am interested | no thanks | when does it stop | Do not contact my brother about it |
    Not interested | not for sale | How much? | Who is this? | can you send an offer this weekend |
    I'll send you the paperwork | End of the month works | The weekend is best |
    I recommend calling my brother | My spending is up | Pretty stopgap | I won't stop you | Call me at 5 |
    What is your offer? I need it in writing | I don't text much, call me | Let's start the process |
    start with your best price | I need information on the price | Help me understand your offer |
    it ends at the creek | 👍 | ❤️ | ... | 1 | ok | I am an informed seller | I can quit claim it |
    The lot is next to the bus stop | the stop light on main street | My house is by the full-stop cafe |
    Information please | ended up selling it | We can close at the end of May |
    Why don't you text me tomorrow | Don't forget to call me | please send me a text with the number |
    I don't have a number in mind | never been for sale | unstoppable | Sí | si me interesa | No |
    No gracias | no vendo | no me interesa | ¿Cuánto? | ¿Quién es? | Para cuando? | ¿Para qué? | Para mañana |
    para ahora no | Fin de semana | Llámeme el fin de semana | Al fin alguien llama | Baja el precio |
    ¿Bajan el precio? | Está en la parte baja | El terreno es alto | Es muy alto el precio |
    Tengo una parada de bus | Parece bien | paraíso | me interesa saber más | No más quiero saber el precio |
    no mas de 5000 | Quiero más información | información | Necesito ayuda con los papeles | No me molesta |
    La alta está en trámite | mándeme la oferta | No quiero vender por ahora | La finca es de mi papá |
    Saliendo del trabajo le llamo | No pare, siga | Detente a ver el terreno`,
  ],
  // What follows a stop word or "don't" says that it is about a visit, a thing, another hour or another way.
  [
    "reply",
    null,
    `Stop by the house tomorrow | stop in anytime | Stop over on Sunday |
    Cancel my other appointment and call me | End it with a good price | Don't text me before 9am |
    don't call me, text me | dont call me I will call you | Please don't call me at work |
    They need to remove me from the deed first | Remove the fence and it's worth more |
    No me llame hoy, estoy trabajando | no me escriba tan tarde | No me llame, mejor escríbame |
    Alto precio pide usted | Cancelar la cita y llamarme | No me llamen en la noche |
    Sí, pero no me llame en la mañana | Alto y claro | Cancelé la hipoteca`,
  ],
  // In doubt nothing is sent until a person has looked.
  [
    "reply R",
    null,
    `Stop at once | DNC | I am on the DNC | delete | I told you no | my attorney will hear about this | Why are you texting me |
    ya les dije que no | los voy a demandar | esto es ilegal`,
  ],
  // Texts whose spaces and line ends matter.
  ["stop", "en", "\u00a0stop\u00a0| stop \n|\r\nSTOP\r\n"],
  ["stop R", "en", "Stop.\nThe land is not for sale|Not interested\nstop"],
  ["reply", null, "|   |\n"],
];

export interface InboundCase {
  text: string;
  kind: string;
  review: boolean;
  language: "es" | "en" | null;
}

export const inboundCases: InboundCase[] = lists.flatMap(([expected, language, texts]) =>
  texts.split(/ ?\|(?:\n {4}| )?/).map((text) => ({
    text,
    kind: expected.replace(" R", ""),
    review: expected.endsWith(" R"),
    language,
  })),
);
