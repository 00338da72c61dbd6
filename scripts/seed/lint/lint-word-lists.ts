// Words and hosts that carriers filter or forbid in marketing texts to the United States.

/** Public link shorteners, Twilio's own included: carriers filter them, only a sender's own domain passes. */
export const SHORTENERS: readonly string[] = (
  "bit.ly tinyurl.com goo.gl t.co ow.ly is.gd v.gd buff.ly rebrand.ly cutt.ly rb.gy shorturl.at t.ly tiny.cc bl.ink " +
  "lnkd.in twil.io s.id shorte.st adf.ly soo.gd qr.ae tr.im tiny.one short.io bitly.com"
).split(" ");

/** Sex, hate, alcohol, firearms, tobacco, cannabis and gambling: refused. Compared without accents, as whole words. */
export const FORBIDDEN: ReadonlySet<string> = new Set(
  (
    "SEX SEXY SEXUAL PORN PORNO XXX NUDE NUDES ESCORT ESCORTS DESNUDA DESNUDAS " +
    "NAZI KKK SUPREMACY SUPREMACIST " +
    "BEER VODKA WHISKEY WHISKY TEQUILA LIQUOR ALCOHOL BOOZE CERVEZA CERVEZAS LICOR LICORES " +
    "FIREARM FIREARMS AMMO AMMUNITION RIFLE RIFLES PISTOL PISTOLS HANDGUN SHOTGUN PISTOLA PISTOLAS MUNICIONES ESCOPETA " +
    "TOBACCO CIGARETTE CIGARETTES CIGAR CIGARS VAPE VAPES VAPING TABACO CIGARRO CIGARROS CIGARRILLO CIGARRILLOS VAPEO " +
    "CANNABIS MARIJUANA MARIHUANA CBD THC CASINO CASINOS LOTTERY JACKPOT LOTERIA APUESTAS APUESTA"
  ).split(" "),
);

/** Forbidden in one sense and harmless in another ("wine country", "Gun Barrel City"): a warning. */
export const DOUBTFUL: ReadonlySet<string> = new Set(
  "GUN GUNS WINE VINO WEED BET ARMA ARMAS HATE ODIO BAR".split(" "),
);

/** Patterns that filters take for spam, in either language. */
export const SPAMMY: readonly RegExp[] = [
  /\bACT (?:NOW|FAST)\b/,
  /\bFREE (?:MONEY|CASH|GIFT)\b/,
  /\b(?:GET RICH|EASY MONEY|RISK FREE|GUARANTEED CASH|NO OBLIGATION CASH)\b/,
  /\b(?:WINNER|YOU HAVE WON|CONGRATULATIONS)\b/,
  /\b(?:URGENT|URGENTE)\b/,
  /\b(?:DINERO|EFECTIVO|REGALO) (?:GRATIS|FACIL|RAPIDO)\b/,
  /\b(?:GANADOR|HA GANADO|FELICIDADES)\b/,
  /\b(?:DEBT RELIEF|PAYDAY LOAN|CONSOLIDE SUS DEUDAS)\b/,
];
