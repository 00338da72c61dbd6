// When people may be texted, by state and weekday, in their local time. Conservative readings of statutes on telephone
// solicitation, most of which speak of calls: not legal advice, and to be reviewed by counsel. Editable in the database.

/** "9-20" is from 9:00 until before 20:00; "-" is not at all. */
type Hours = `${number}-${number}` | "-";

export interface StateRule {
  /** Postal abbreviation; US the federal rule, * any state without a rule of its own, ?? nobody knows where. */
  state: string;
  /** Monday to Friday. */
  weekdays: Hours;
  saturday: Hours;
  sunday: Hours;
  closedOnHolidays?: true;
  /** Messages to one person in any 24 hours. */
  maxPer24h?: number;
  source: string;
}

/** The day from which on the platform applies these rules, and the day somebody last checked them. */
export const EFFECTIVE_FROM = "2024-01-01";
export const REVIEWED_AT = "2026-11-22";

const every = (hours: Hours) => ({ weekdays: hours, saturday: hours, sunday: hours });
/** What holds where nothing is confirmed: 9-20, Sundays from noon. */
const cautious = { weekdays: "9-20", saturday: "9-20", sunday: "12-20" } as const;

const VENDOR_2025 = "industry table of state calling hours, 2025-11";
const VENDOR_2026 = "industry table of state texting hours, 2026-04";

export const STATE_RULES: StateRule[] = [
  {
    state: "US",
    ...every("8-21"),
    source:
      "47 CFR 64.1200(c)(1): no solicitation before 8:00 or after 21:00 at the called party's location; applied to texts by (e)",
  },
  {
    state: "*",
    ...cautious,
    source: "platform default for states without a confirmed rule: 9-20, Sundays 12-20",
  },
  {
    state: "??",
    weekdays: "10-18",
    saturday: "10-17",
    sunday: "-",
    closedOnHolidays: true,
    source:
      "platform preset for people whose place is not known: within every state's hours, no Sundays, no federal holidays",
  },
  {
    state: "AL",
    weekdays: "8-20",
    saturday: "8-20",
    sunday: "-",
    closedOnHolidays: true,
    source: `${VENDOR_2025}: 8-20, no Sundays or holidays; ${VENDOR_2026} agrees on the hours`,
  },
  {
    state: "CA",
    ...cautious,
    source: `${VENDOR_2026} alone says 9-21 (automatic dialing statute), unconfirmed; the stricter platform default is used`,
  },
  { state: "CT", ...every("9-20"), source: `${VENDOR_2025} and ${VENDOR_2026} agree: 9-20` },
  {
    state: "FL",
    ...every("8-20"),
    maxPer24h: 3,
    source:
      "Fla. Stat. 501.059 and 501.616(6): 8-20, at most 3 in 24 hours on one subject; applied to all messages",
  },
  {
    state: "IL",
    ...every("9-21"),
    source: `${VENDOR_2025} says 8-21, ${VENDOR_2026} 9-21; the hours both allow are used`,
  },
  { state: "KY", ...every("10-21"), source: `${VENDOR_2025} and ${VENDOR_2026} agree: 10-21` },
  {
    state: "LA",
    weekdays: "8-20",
    saturday: "8-20",
    sunday: "-",
    closedOnHolidays: true,
    source: `${VENDOR_2025} and ${VENDOR_2026} agree: 8-20, no Sundays or holidays`,
  },
  {
    state: "MD",
    ...every("8-20"),
    maxPer24h: 3,
    source: `${VENDOR_2025} and ${VENDOR_2026} agree: 8-20; the limit of 3 in 24 hours is unconfirmed and applied`,
  },
  { state: "MA", ...every("8-20"), source: `${VENDOR_2025} and ${VENDOR_2026} agree: 8-20` },
  { state: "MI", ...every("9-21"), source: `${VENDOR_2025} and ${VENDOR_2026} agree: 9-21 (calls)` },
  { state: "MN", ...every("9-21"), source: `${VENDOR_2025} and ${VENDOR_2026} agree: 9-21` },
  {
    state: "MS",
    weekdays: "8-20",
    saturday: "8-20",
    sunday: "-",
    source: `${VENDOR_2025} and ${VENDOR_2026} agree: 8-20 Central, no Sundays; applied in every zone the person may be in`,
  },
  {
    state: "NJ",
    ...cautious,
    source: "one unconfirmed table says 8-20; the stricter platform default is used",
  },
  { state: "NV", ...every("9-20"), source: `${VENDOR_2025}: 9-20` },
  { state: "NM", ...every("9-21"), source: `${VENDOR_2025}: 9-21` },
  {
    state: "OK",
    ...every("8-20"),
    maxPer24h: 3,
    source: "Okla. Stat. tit. 15, 775C.4: 8-20, at most 3 in 24 hours",
  },
  {
    state: "PA",
    weekdays: "9-20",
    saturday: "9-12",
    sunday: "-",
    closedOnHolidays: true,
    source: `${VENDOR_2025} shows limits on Saturdays, Sundays and holidays that look garbled (Sat 8-12, Sun 8-21); the narrowest reading is used, on weekdays the platform default`,
  },
  {
    state: "RI",
    weekdays: "9-18",
    saturday: "10-17",
    sunday: "-",
    source: `${VENDOR_2025}: Mon-Fri 9-18, Sat 10-17; another table allows Sundays 10-17, which is not used`,
  },
  {
    state: "TX",
    weekdays: "9-21",
    saturday: "9-21",
    sunday: "12-21",
    source:
      "Tex. Bus. & Com. Code ch. 302 and 304: Mon-Sat 9-21, Sun 12-21; texts are solicitation since 2025-09-01 (SB 140)",
  },
  {
    state: "WA",
    ...cautious,
    source:
      "8-20 is unconfirmed; the stricter platform default is used. RCW 19.190.060 asks for consent besides",
  },
];
