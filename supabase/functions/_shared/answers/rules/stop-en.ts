// English wishes not to be written to again, as a reasonable person reads them (47 CFR 64.1200(a)(10)).
import type { RuleList } from "./rule-language.ts";

export const STOP_EN: RuleList = {
  kind: "stop",
  language: "en",
  rules: [
    ["taken off the list", "% TAKEN|REMOVED|DELETED OFF|FROM|OUT_OF <ANY> *2 <LIST>", "own_list|title"],
    ["never again", "NEVER AGAIN <CONTACT> <ME>|<MINE>|<HOME>|THIS"],
    ["want no more of this", "<NOT> WANT|NEED ANYMORE OF|<MSGS>"],
    // Remove me
    ["remove me", "% <REMOVE>|DROP|REMOVING <ME>|<MINE> >A|AN|LINE", "title"],
    ["remove me from the list", "% <REMOVE> *3 FROM <ANY>? <ANY>? *2 <LIST>", "title"],
    ["remove from", "^ <REMOVE> FROM $"],
    ["remove ours", "% <REMOVE> MY *2 NUMBER|NUMBERS|NAME", "title"],
    ["take me off", "% TAKE|GET|PULL|KNOCK|BUMP|KEEP <ME>|<MINE> OFF|OUT_OF|OFFA", "title"],
    [
      "take me off the list",
      "% TAKE|GET|WANT|LIKE|PULL|KEEP *4 OFF|OUT_OF|OF|FROM <ANY> *2 <LIST>",
      "own_list",
    ],
    ["off the list", "<ME>|<MINE>|NUMBER|NAME|ADDRESS OFF|OF|OUT_OF|FROM <ANY> *2 <LIST>", "own_list"],
    ["off", "^ TAKE|GET <ME>? *2 OFF|OUT $", "title"],
    ["off list", "^ OFF <ANY>? *1 <LIST> $"],
    ["want off", "I|ID WANT|LIKE|NEED|WANTED|WANTING TO_GET? OFF|OUT $"],
    ["want off the list", "WANT|LIKE|NEED|GET|GETTING OFF|OUT_OF <ANY> *2 <LIST>", "own_list"],
    ["let me out", "LET <ME> OUT OF <ANY> <LIST>"],
    [
      "be removed",
      "% !HAVE|HAS|HAD|NEEDS TO BE|GET *1 REMOVED|TAKEN_OFF|DELETED|UNSUBSCRIBED|OPTED_OUT|UNLISTED",
      "title",
    ],
    [
      "must be removed",
      "<MINE>|NUMBER|NAME|I HAVE|HAS|NEEDS|NEED|SHOULD TO? BE *1 REMOVED|TAKEN_OFF|DELETED",
      "title",
    ],
    ["be taken off", "% BE TAKEN OFF", "title"],
    ["number removed", "<ME>|<MINE>|NUMBER|NAME IS? BE? REMOVED|DELETED|TAKEN_OFF", "title"],
    ["removed", "^ REMOVED $"],
    ["requested removal", "REQUEST|REQUESTED|REQUESTING|DEMAND|WANT *2 REMOVAL"],
    ["remove it", "^ REMOVE|DELETE|ERASE IT|THEM $", "not_about_number"],
    ["not on your list", "NUMBER SHOULD|SHOULDNT NOT? BE ON <ANY> *1 <LIST>"],
    ["lose my number", "% LOSE|FORGET|ERASE|TOSS|THROW_AWAY|THROW_OUT|TRASH|DITCH|BURN <MINE>|<ME>"],
    ["forget me", "FORGET YOU *2 HAVE|HAD|KNOW <MINE>|ME"],
    // Don't text me
    [
      "don't text me",
      "!<SPEAKER> DONT|NEVER|NEVER_EVER|NOT_TO|NO EVER|TRY_TO|YOU|YOU_DARE|YOU_EVER|DARE? <CONTACT> TO? " +
        "OR|AND? <CONTACT>? " +
        "<ME>|<MINE>|<HOME>|<AGAIN>|THIS|NO_MORE",
      "another_way",
    ],
    ["hit me up", "DONT|NEVER|QUIT|STOP HIT|BLOW|HITTING|BLOWING ME|<MINE> UP"],
    ["don't use", "DONT|NEVER USE <MINE>"],
    ["you not contact", "!DID|WHY|DO|COULD|HAVE YOU NOT TO? <CONTACT> ME|US|<MINE>|HER|HIM"],
    ["not to contact", "NOT TO <CONTACT> ME|US|<MINE>"],
    [
      "don't text",
      "^ AND|SO|BUT|THEN? PLEASE? DONT|NEVER EVER? <CONTACT> OR|AND|NOR? <CONTACT>? OR|AND|NOR? <CONTACT>? $",
      "another_way",
    ],
    ["don't reply", "^ DONT REPLY|RESPOND $", "automatic"],
    [
      "don't send",
      "!<SPEAKER> DONT|NEVER SEND|SENDING <ME>? ANY|ADDITIONAL|FURTHER|ANYMORE|MORE|THESE|THIS|TEXT|TEXTS|MESSAGE|MESSAGES|ANOTHER|" +
        "NOTHING|ANYTHING|STUFF|CRAP|SHIT",
      "another_way",
    ],
    [
      "don't want texts",
      "<NOT> WANT|WANTING|NEED|ACCEPT|APPRECIATE|LIKE ANY|YOUR|THESE|MORE|TO_RECEIVE|TO_GET|TO_SEE <ANY>? " +
        "*1 <MSGS>|OF_THESE|OF_THIS",
      "another_way",
    ],
    ["don't want these", "^ I? <NOT> WANT THESE|THIS $"],
    ["don't want to hear", "<NOT> WANT|WISH|CARE|LIKE|NEED TO? HEAR|HEARING FROM YOU|ANYONE|ANYBODY|THEM"],
    [
      "don't want to receive",
      "<NOT> WANT|WISH|CARE|LIKE|INTERESTED_IN|AGREE TO? RECEIVE|GET|GETTING|RECEIVING *3 <MSGS>|THESE",
    ],
    ["don't want to receive anything", "<NOT> WANT|WISH TO? RECEIVE|GET $"],
    [
      "don't want to be contacted",
      "<NOT> WANT|WISH|CARE|LIKE|INTERESTED_IN|AGREE|ASK|NEED|AGREED|TO TO? BE|BEING <CONTACTED> >BY_A|" +
        "BY_AN|BY_AGENTS|BY_REALTORS|AT_WORK|AT_HOME",
    ],
    ["rather not", "PREFER|RATHER|LIKE|WISH NOT TO? RECEIVE|GET|HEAR|BE|HAVE_YOU >SELL"],
    ["rather not be contacted", "NOT|ISNT TO? BE <CONTACTED> >BY_A|BY_AN"],
    [
      "rather you didn't",
      "RATHER|PREFER|APPRECIATE|LIKE|WISH|APPRECIATED|GRATEFUL|NICE|GREAT|BETTER|THANKFUL *3 YOU DIDNT|NOT|DONT|" +
        "NEVER|NO_LONGER|WOULDNT|WOULD_NO_LONGER *1 <CONTACT>|<CONTACTED>|SEND|SENT|WROTE",
      "another_way",
    ],
    [
      "if you stopped",
      "RATHER|PREFER|APPRECIATE|LIKE|WISH|APPRECIATED|GRATEFUL|NICE|GREAT|BETTER|THANKFUL *3 YOU WOULD|COULD? " +
        "STOP|STOPPED|QUIT|CEASE|CEASED <TEXTING>|THE|THESE|ALL|WITH|$",
      "buying",
    ],
    ["if you removed me", "IF YOU WOULD|COULD? REMOVED|DELETED|ERASED|DROPPED|TOOK <ME>|<MINE>", "title"],
    ["mind not texting", "MIND NOT <TEXTING>", "another_way"],
    ["see that it ends", "SURE|ENSURE|SO_THAT I|WE DONT|NEVER|NO_LONGER RECEIVE|GET *3 <MSGS>"],
    ["prefers none", "PREFERENCE IS NO|NOT|TO_NOT|FOR_NO <MSGS>|TO|<CONTACTED>"],
    ["not contacted again", "NOT|NEVER <CONTACTED> AGAIN|ANYMORE"],
    ["no longer part", "NO_LONGER WANT|WISH TO PARTICIPATE|BE_PART|BE_INCLUDED"],
    ["no more texts", "NO MORE|FURTHER <ANY>? <ANY>? <MSGS>|OF_THIS|OF_THESE|OFFERS|OFFER_TEXTS|BULLSHIT|BS"],
    ["no texts", "^ NO <MSGS> NO|OR|AND? <MSGS>|CALLS? $"],
    ["no more", "^ NO MORE $"],
    ["unwanted", "UNWANTED <MSGS>"],
    ["enough texts", "ENOUGH WITH|OF <ANY> <MSGS>|NONSENSE|CRAP"],
    ["enough already", "^ ENOUGH ALREADY|IS_ENOUGH|NOW"],
    // Stop
    ["stop texting", "% !<STATES> <STOP>|KNOCK_OFF <WRITING>", "buying"],
    ["stop text me", "% !<STATES> <STOP> TEXT|MESSAGE|CONTACT|CALL ME|US"],
    [
      "stop the texts",
      "% !<STATES> <STOP>|END|CANCEL|TERMINATE <ANY>? <ANY>? <MSGS>|TEXTS|SUBSCRIPTION|BULLSHIT|BS|CRAP",
    ],
    ["stop it", "^ <STOP>|KNOCK IT|THIS|THAT|THESE|ME|NOW|EVERYTHING|OFF|NONSENSE|THIS_NONSENSE|THIS_CRAP $"],
    ["end it", "^ END|CANCEL IT|THIS|THESE $"],
    ["stop with", "% !<STATES> <STOP> WITH|W THE|THIS|THESE|ALL|YOUR"],
    ["stop all", "% !<STATES> <STOP>|CEASE ALL|ANY"],
    ["stop and desist", "% STOP|CEASE AND|N DESIST"],
    ["knock it off", "^ KNOCK|CUT IT OFF|OUT $|WITH"],
    ["stop it with", "<STOP>|CUT|KNOCK IT OUT|OFF? WITH *3 <MSGS>|CRAP|OFFERS|LAND|STUFF"],
    ["cut the texts", "^ CUT|LOSE|DITCH|SPARE_ME THE|THESE|YOUR|OUT_THE <MSGS> OUT? $"],
    ["give it a rest", "GIVE IT|THIS A REST|BREAK WITH|ALREADY|$"],
    ["asking, trying", "% !<STATES> <STOP> ASKING|TRYING", "wants_offer"],
    ["I mean stop", "^ AND? I MEAN|MEANT STOP|IT_STOP $"],
    [
      "asked to stop",
      "<ASKED> YOU|YALL|YOU_ALL|YOU_PEOPLE|YOU_GUYS|THEM|THEM_ALL|FOLKS TO? PLEASE|JUST|ALREADY? " +
        "<STOP>|QUIT|LEAVE|REMOVE|DELETE|LOSE|TAKE_ME|TAKE_US|TAKE_MY|GET_ME|NOT_TO_TEXT|NOT_TO_CALL|" +
        "NOT_TO_CONTACT|NOT_TO_MESSAGE >BY|IN|OVER|AND",
    ],
    [
      "asked nicely to stop",
      "ASKED|TOLD|WARNED|BEGGED|ASKING|BEGGING|TELLING|REQUESTING|WANT|NEED YOU *4 TO STOP|CEASE|QUIT <TEXTING>|$",
    ],
    ["notice to stop", "NOTICE|REQUEST|ORDER|DEMAND|REQUESTING|ASKING TO|YOU_TO|THAT_YOU CEASE|STOP|DESIST"],
    [
      "please remove",
      "PLEASE|THEN|SO|INTERESTED|SELLING|SALE|AND|JUST REMOVE|UNSUBSCRIBE|DELETE_ME|OPT_OUT|QUIT $",
    ],
    ["take off the list", "TAKE|GET|COME OFF|OUT <ANY>? *1 <LIST>"],
    ["asked not to", "TOLD|ASKED|WARNED|WANT|LIKE YOU NOT TO"],
    ["told not to", "<ASKED> YOU ALREADY? DONT|NEVER|NO_MORE <CONTACT> ME|US"],
    ["demand to stop", "THAT YOU PLEASE? <STOP>|REMOVE|DELETE|LEAVE_ME"],
    [
      "want it to stop",
      "WANT|LIKE|NEED|NEEDS TO? HAVE? IT|THIS|THESE|THOSE|THE|YOUR <MSGS>? TO STOP $|<TEXTING>|NOW|PLEASE",
    ],
    [
      "needs to stop",
      "THIS|THESE|THOSE|IT|TEXTS|TEXTING|MESSAGES|CALLS|YOU|PEOPLE|CONTACT|HARASSMENT NEED|NEEDS|HAS|" +
        "HAVE|MUST|GOT|" +
        "BETTER|SHOULD GOT? TO? JUST? STOP|QUIT|CEASE|END $|<TEXTING>|NOW|THIS|IT|IMMEDIATELY|PLEASE|WITH|ALL",
    ],
    ["been told to stop", "BEEN TOLD|ASKED|WARNED|INSTRUCTED TO STOP|QUIT|CEASE|REMOVE|LEAVE"],
    ["why won't you stop", "WHY WONT|DONT|CANT YOU *1 STOP|QUIT <TEXTING>|$"],
    ["get you to stop", "GET|MAKE YOU TO? STOP|LEAVE_ME|QUIT|REMOVE"],
    ["don't be texting", "DONT|NEVER|QUIT BE|KEEP|START|GO <TEXTING> ME|US|MY|<MINE>|$"],
    ["get off my phone", "^ GET|STAY OFF|OUT_OF MY PHONE|LINE|CELL|NUMBER|TEXTS|MESSAGES"],
    ["remove number", "^ <REMOVE> MY? NAME|NUMBER|CELL|PHONE|INFO|CONTACT $"],
    ["may I be removed", "CAN|MAY|COULD I|WE|<MINE> BE|GET REMOVED|TAKEN_OFF|UNSUBSCRIBED|DELETED", "title"],
    ["not interested in texts", "INTERESTED IN YOUR|THESE|ANY|RECEIVING|GETTING|MORE <ANY>? <MSGS>"],
    ["want no texts", "<NOT> WANT|NEED|LIKE <MSGS> FROM|$"],
    ["want no more", "WANT NO MORE? <MSGS>|OF_THESE|OF_THIS"],
    ["make it stop", "MAKE|GET IT|THIS|THESE|THEM|TEXTS|MESSAGES *1 STOP"],
    [
      "how to stop",
      "HOW DO|CAN|TO|WOULD|COULD I|WE|YOU? STOP|END|CANCEL|BLOCK|MAKE THESE|THIS|YOUR|THE_TEXTS|GETTING|" +
        "RECEIVING|IT|MESSAGES|TEXTS",
    ],
    [
      "how to get off",
      "HOW DO|CAN|TO|WOULD I|WE? GET|COME|BE *1 OFF|REMOVED|OUT_OF_THIS|OUT_OF_THESE|OUT_OF_YOUR",
      "hands",
    ],
    [
      "said stop",
      "% SAID|SAY|SAYING|TYPED|REPLIED|ANSWERED|TEXTED|SENT|WROTE|TOLD_YOU|TELL_YOU|TELLING_YOU|" +
        "TOLD_YOU_ALL YOU? " +
        "ALREADY|TO|THE_WORD? STOP|QUIT|ALTO $|<TEXTING>|ALREADY|YESTERDAY|LAST|BEFORE|AND|NOW|TWICE|3|" +
        "TO|MANY|IN|THE|WEEKS|DAYS|A|BUT|SO|I|THIS",
      "by_mistake",
    ],
    ["how often", "HOW MANY TIMES *8 STOP|QUIT|NO_MORE"],
    ["what stop means", "PART|MEANING OF STOP"],
    ["stop means", "KNOW|UNDERSTAND *2 STOP"],
    ["stop means stop", "STOP MEANS STOP"],
    ["don't you understand stop", "UNDERSTAND THE? STOP"],
    ["please stop", "CAN|COULD|WILL|WOULD|WONT YOU|YALL|YOU_GUYS|YOU_PEOPLE|U *2 STOP|QUIT|CEASE $"],
    ["stop please", "PLEASE|JUST|OMG|GOD|NOW|ALREADY|GOODNESS|SAKE|SAKES <STOP> $"],
    ["stop you", "^ STOP YOU|SCAMMER|SCAMMERS|SPAMMER|SPAMMERS|IDIOT|IDIOTS|CREEP|LIAR|LIARS|JERK"],
    ["getting", "STOP GETTING|RECEIVING THESE|YOUR|THIS|TEXTS|MESSAGES|ANY"],
    ["stop reaching out", "% !<STATES> <STOP> REACHING OUT"],
    ["halt", "^ HALT|DISCONTINUE|TERMINATE|CEASE|DESIST $"],
    ["cancel me", "% CANCEL|DISENROLL|UNREGISTER|TERMINATE ME|US|MY_SUBSCRIPTION|MY_NUMBER|MY_ENROLLMENT"],
    ["discontinue", "% DISCONTINUE|TERMINATE|END ALL|ANY|THIS|THESE|FURTHER? <MSGS>|TEXTING|CONTACT"],
    // Opt out, unsubscribe, revoke
    ["opt out", "% OPT|OPTING|OPTIN <ME>|MY_NUMBER? OUT", "own_options|meaning"],
    ["opted out", "% I_HAVE|I|ALREADY|HAVE|WE ALREADY? OPTED OUT", "own_options"],
    ["unsubscribe", "% UNSUBSCRIBE|UNSUB|UNSUBSCRIBING|DISENROLL", "automatic|meaning|accident|back_on"],
    ["unsubscribed", "% UNSUBSCRIBED >MY|FROM_THE_MLS|FROM_MY|THE", "automatic|meaning|accident|back_on"],
    ["revoke", "% TAKE_BACK|TAKING_BACK|PULL|REVOKE|REVOKING|WITHDRAW|WITHDRAWING|RESCIND *3 <PERMISSION>"],
    ["revoked", "<PERMISSION> IS|HAS_BEEN|HEREBY? REVOKED|WITHDRAWN|RESCINDED"],
    ["I revoke", "^ I HEREBY? REVOKE $"],
    [
      "never agreed",
      "I|WE|I_HAVE NEVER|DIDNT|DONT|HAVENT|DO_NOT|NOT GIVE|GAVE|GIVEN? YOU|ANYONE|ANYBODY? ANY|MY? " +
        "<PERMISSION>|CONSENTED|" +
        "AUTHORIZE|AUTHORIZED >FOR_THE|FOR_A|TO_THE|TO_CROSS|TO_CUT",
      "sale",
    ],
    ["no permission", "YOU DONT|NO_LONGER|DIDNT HAVE|GET|ASK|HAD *2 <PERMISSION>"],
    ["no consent", "^ NO <PERMISSION> $"],
    ["without consent", "WITHOUT MY|OUR <PERMISSION>"],
    ["not authorized", "NOT|NEVER AUTHORIZED TO <CONTACT>"],
    ["do not call list", "DONT|NO CALL|CONTACT|TEXT|SOLICIT|CALLING|DISTURB LIST|LISTS|REGISTRY|REGISTER"],
    ["dnc list", "DNC LIST|REGISTRY|LISTS"],
    ["add to the list", "ADD|PUT|PLACE|REGISTER ME|US|MINE|<MINE> ON|TO|IN *3 DNC|DONT|NO_CALL|NO_CONTACT"],
    // Leave me alone
    [
      "leave me alone",
      "!HOA_WONT|THEY_WONT|NEIGHBORS_WONT|NEIGHBOR_WONT|CITY_WONT|COUNTY_WONT LEAVE|LEVE|LEAF|LEAV|LIVE|LEEVE <ME>|MY|HER|HIM|THEM|<HOME> *2 ALONE|BE|TF_ALONE",
    ],
    ["go away", "^ *2 GO AWAY $|AND|STOP|YOU|SCAMMER|SCAMMERS|PLEASE|NOW|I|WE|NOT|DONT|ALREADY|NOBODY"],
    ["get lost", "^ GET|BUZZ|PISS|SHOVE|SOD|BACK LOST|OFF $"],
    ["offensive", "SCREW|FUCK|FCK|FK|F|PISS|EFF|FUC|FKN|FUK|FUCKING OFF|YOU|YOURSELF"],
    ["fu", "^ FU|STFU|FOAD|FO|FOFF|FUCKOFF $"],
    [
      "block you",
      "IM|ILL|WILL|AM|GOING_TO|I|I_HAVE|JUST BLOCK|BLOCKING|BLOCKED YOU|THIS|YOUR_NUMBER|THE_NUMBER|$",
    ],
    ["will block", "IM|ILL|WILL|AM|GOING_TO|BE BLOCK|BLOCKING|BLOCKED $"],
    [
      "will report",
      "!ARE_YOU|YOU|ARE IM|ILL|WILL|AM|GOING_TO|AND REPORT|REPORTING|SUE|SUING YOU|THIS|THEM|YOUR|AS_SPAM",
    ],
    [
      "blocked",
      "YOU|YOURE|THIS_NUMBER|YOU_HAVE|NOW|BEEN|YOURSELF|YOU_JUST|YOU_ARE HAVE|GOT|HAS|BEEN|ARE|IS|" +
        "GETTING|BEING? BEEN|BEING|NOW? BLOCKED|REPORTED >BY",
    ],
    ["your number is blocked", "!IS YOUR NUMBER IS|HAS|WAS|NOW *2 BLOCKED|REPORTED"],
    ["blocking", "^ BLOCKING|REPORTING YOU|THIS|NOW|AND_BLOCKING|AS_SPAM"],
    ["marked", "MARKED|FLAGGED AS SPAM|JUNK"],
    ["is blocked", "^ BLOCKED|REPORTED AND? BLOCKED|REPORTED|DELETED|BYE? $"],
    ["reported", "REPORTED AS|FOR SPAM|JUNK|A_SCAM|HARASSMENT"],
    ["block me", "^ BLOCK ME|MY_NUMBER $"],
    ["harassment", "HARASSMENT|HARASSING >BY|FROM_THE|THE", "harassed_by_others"],
    ["don't bother me", "^ *2 DONT BOTHER ME|US|AGAIN"],
    ["do not disturb", "^ PLEASE? DONT DISTURB $"],
    ["tell them to stop", "TELL|ASK|HAVE YOUR|THE|THEM *3 TO? <STOP> <TEXTING>"],
    ["don't bother", "DONT|NEVER BOTHER <TEXTING>", "another_way"],
    ["a way to stop", "% TO STOP|END|CANCEL|BLOCK THESE|THIS|YOUR|THE|ALL|GETTING|RECEIVING <ANY>? <MSGS>"],
    ["leave off", "NOBODY|NO_ONE|NONE_OF_US *2 WANTS|WANT|NEEDS YOUR|THESE|THIS <MSGS>"],
  ],
};
