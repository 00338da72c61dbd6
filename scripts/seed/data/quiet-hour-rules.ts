// When people may be texted, by state and weekday, in their local time. Conservative readings of statutes on telephone
// solicitation, most of which speak of calls: not legal advice, and to be reviewed by counsel. Editable in the database.

/** "9-20" is from 9:00 until before 20:00; "-" means closed. */
type Hours = `${number}-${number}` | "-";

export interface StateRule {
  /** Postal abbreviation; US is the federal rule, * any state without a rule of its own, ?? an unknown place. */
  state: string;
  /** Monday to Friday. */
  weekdays: Hours;
  saturday: Hours;
  sunday: Hours;
  /** Closed on federal holidays. */
  closedOnHolidays?: true;
  /** Closed on the state's own holidays: state-holidays.ts. */
  closedOnStateHolidays?: true;
  /** Messages to one person in any 24 hours. */
  maxPer24h?: number;
  /** The day on which the law came into force, if that is later than EFFECTIVE_FROM. */
  effectiveFrom?: string;
  source: string;
}

/** The first day on which the platform applies these rules, and the day they were last checked. */
export const EFFECTIVE_FROM = "2024-01-01";
export const REVIEWED_AT = "2026-11-22";

const every = (hours: Hours) => ({ weekdays: hours, saturday: hours, sunday: hours });
/** The rule for states where nothing is confirmed: 9-20, Sundays from noon. */
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
    closedOnStateHolidays: true,
    source: `${VENDOR_2025}: 8-20, no Sundays or holidays; ${VENDOR_2026} agrees on the hours; holidays: Ala. Code 1-3-8. dnc.com (2023) says the ban binds telephone utilities only; unconfirmed and applied`,
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
    closedOnStateHolidays: true,
    source: `${VENDOR_2025} and ${VENDOR_2026} agree: 8-20, no Sundays or holidays (LPSC General Order R-29617, La. R.S. 45:811, as dnc.com quotes them); holidays: La. R.S. 1:55. Days that the governor proclaims are not included`,
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
    closedOnHolidays: true,
    closedOnStateHolidays: true,
    source: `${VENDOR_2025} and ${VENDOR_2026} agree: 8-20 Central, no Sundays (Miss. Code 77-3-723); applied in every zone the person may be in. Holidays: dnc.com (2023) lists them, and reports in 2024 that the rule was repealed; unconfirmed and applied`,
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
    state: "OR",
    ...every("8-20"),
    maxPer24h: 3,
    effectiveFrom: "2026-01-01",
    source:
      "Oregon HB 3865 (ORS 646.561 to 646.569), in force since 2026-01-01, as law firms and vendors report it: texts are solicitation, 8-20, at most 3 in 24 hours; the exemption for customers is not used",
  },
  {
    state: "PA",
    weekdays: "9-20",
    saturday: "9-12",
    sunday: "-",
    closedOnHolidays: true,
    closedOnStateHolidays: true,
    source: `${VENDOR_2025} shows limits on Saturdays, Sundays and holidays that look garbled (Sat 8-12, Sun 8-21); the narrowest reading is used, on weekdays the platform default. Holidays: 73 P.S. 2245(a)(10), since 2019-12-03, as a law library reports it`,
  },
  {
    state: "RI",
    weekdays: "9-18",
    saturday: "10-17",
    sunday: "-",
    closedOnHolidays: true,
    closedOnStateHolidays: true,
    source: `R.I. Gen. Laws 5-61-2(2): Mon-Fri 9-18 except state and federal holidays, Sat 10-17; ${VENDOR_2025} agrees; another table allows Sundays 10-17, which is not used. Holidays on Saturdays are closed, too`,
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
    state: "UT",
    weekdays: "9-20",
    saturday: "9-20",
    sunday: "-",
    closedOnHolidays: true,
    closedOnStateHolidays: true,
    source:
      "Utah Code 13-25a-103(3): without prior express consent no solicitation from 21:00 to 8:00, on Sundays or on legal holidays (63G-1-301); the stricter hours of the platform default are used",
  },
  {
    state: "WA",
    ...cautious,
    source:
      "8-20 is unconfirmed; the stricter platform default is used. RCW 19.190.060 asks for consent besides",
  },
];
