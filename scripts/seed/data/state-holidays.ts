// Holidays of states whose rules forbid telephone solicitation on them, besides the federal ones. Most laws say "legal holiday",
// and their lists change: what could not be confirmed in a law's own text is marked, and is kept as a caution.

/** Which day of a year. */
export type HolidayDate =
  | { month: number; day: number }
  /** The nth weekday (0 is Sunday) of a month; n = -1 is the last. */
  | { month: number; weekday: number; n: number }
  /** Days after Easter Sunday. */
  | { easter: number }
  /** Days after the fourth Thursday of November. */
  | { thanksgiving: number }
  /** The Tuesday after the first Monday of November. */
  | { election: "each year" | "even years" }
  /** June 19, kept on a Monday: the one before if it is a Tuesday to Friday, the one after if it is on a weekend. */
  | { juneteenthMonday: true };

export interface StateHoliday {
  state: string;
  name: string;
  date: HolidayDate;
  /** The day on which it is kept as well if it is a Saturday or a Sunday. */
  saturday?: "friday" | "monday";
  sunday?: "monday";
  /** Years before this one are left out. */
  from?: number;
  source: string;
  /** False if no text of the law itself was found that makes the day a legal holiday, or forbids to call on it. */
  isConfirmed: boolean;
}

const ALABAMA = "Ala. Code 1-3-8, as newspapers report it";
const LOUISIANA = "La. R.S. 1:55(A)(1)";
const PENNSYLVANIA = "list of legal holidays under 73 P.S. 2245(a)(10), as dnc.com reports it (2019)";
const RHODE_ISLAND = "R.I. Gen. Laws 25-1-1";
const UTAH = "Utah Code 63G-1-301";

/** Days that are federal holidays, too, are left out: a rule that closes on a state's own holidays closes on both. */
export const STATE_HOLIDAYS: readonly StateHoliday[] = [
  {
    state: "AL",
    name: "Mardi Gras",
    date: { easter: -47 },
    source:
      "Ala. Code 1-3-8: only in Baldwin and Mobile Counties; kept in the whole state, as phones name no county",
    isConfirmed: false,
  },
  {
    state: "AL",
    name: "Confederate Memorial Day",
    date: { month: 4, weekday: 1, n: 4 },
    source: ALABAMA,
    isConfirmed: false,
  },
  {
    state: "AL",
    name: "Jefferson Davis' Birthday",
    date: { month: 6, weekday: 1, n: 1 },
    source: ALABAMA,
    isConfirmed: false,
  },
  {
    state: "AL",
    name: "Mrs. Rosa L. Parks Day",
    date: { month: 12, day: 1 },
    source: "dnc.com (2020) lists it with a reservation; offices stay open",
    isConfirmed: false,
  },
  {
    state: "LA",
    name: "Battle of New Orleans",
    date: { month: 1, day: 8 },
    source: LOUISIANA,
    isConfirmed: true,
  },
  { state: "LA", name: "Mardi Gras", date: { easter: -47 }, source: LOUISIANA, isConfirmed: true },
  { state: "LA", name: "Good Friday", date: { easter: -2 }, source: LOUISIANA, isConfirmed: true },
  {
    state: "LA",
    name: "Huey P. Long Day",
    date: { month: 8, day: 30 },
    source: LOUISIANA,
    isConfirmed: true,
  },
  {
    state: "LA",
    name: "All Saints' Day",
    date: { month: 11, day: 1 },
    source: LOUISIANA,
    isConfirmed: true,
  },
  {
    state: "LA",
    name: "General Election Day",
    date: { election: "even years" },
    source: "La. R.S. 1:55, as FindLaw sums it up",
    isConfirmed: false,
  },
  {
    state: "LA",
    name: "Acadian Day",
    date: { thanksgiving: 1 },
    source: "La. R.S. 1:55: if the governor proclaims it, as in most years",
    isConfirmed: false,
  },
  {
    state: "MS",
    name: "Confederate Memorial Day",
    date: { month: 4, weekday: 1, n: -1 },
    source: "Miss. Code 3-3-7, as newspapers report it; the ban on calls on holidays seems to be repealed",
    isConfirmed: false,
  },
  { state: "PA", name: "Good Friday", date: { easter: -2 }, source: PENNSYLVANIA, isConfirmed: false },
  {
    state: "PA",
    name: "Flag Day",
    date: { month: 6, day: 14 },
    source: PENNSYLVANIA,
    isConfirmed: false,
  },
  {
    state: "PA",
    name: "Election Day",
    date: { election: "each year" },
    source: PENNSYLVANIA,
    isConfirmed: false,
  },
  {
    state: "PA",
    name: "Bill of Rights Day",
    date: { month: 12, day: 15 },
    source: "dnc.com (2020) lists it with a reservation",
    isConfirmed: false,
  },
  {
    state: "RI",
    name: "Rhode Island Independence Day",
    date: { month: 5, day: 4 },
    sunday: "monday",
    source: RHODE_ISLAND,
    isConfirmed: true,
  },
  {
    state: "RI",
    name: "Victory Day",
    date: { month: 8, weekday: 1, n: 2 },
    source: RHODE_ISLAND,
    isConfirmed: true,
  },
  {
    state: "RI",
    name: "Election Day",
    date: { election: "even years" },
    source: RHODE_ISLAND,
    isConfirmed: true,
  },
  // Federal holidays on a Saturday are kept on the Friday before; Rhode Island keeps these on the Monday after.
  ...(
    [
      [1, 1, "New Year's Day"],
      [7, 4, "Independence Day"],
      [11, 11, "Veterans Day"],
      [12, 25, "Christmas Day"],
    ] as const
  ).map(
    ([month, day, name]): StateHoliday => ({
      state: "RI",
      name,
      date: { month, day },
      saturday: "monday",
      source: RHODE_ISLAND,
      isConfirmed: true,
    }),
  ),
  {
    state: "UT",
    name: "Good Friday",
    date: { easter: -2 },
    from: 2027,
    source: `${UTAH}, since 2026-05-06, with a condition whose text was not found`,
    isConfirmed: false,
  },
  {
    state: "UT",
    name: "Juneteenth National Freedom Day",
    date: { juneteenthMonday: true },
    source: UTAH,
    isConfirmed: true,
  },
  {
    state: "UT",
    name: "Pioneer Day",
    date: { month: 7, day: 24 },
    saturday: "friday",
    sunday: "monday",
    source: UTAH,
    isConfirmed: true,
  },
];
