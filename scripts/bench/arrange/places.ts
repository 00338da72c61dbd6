// Where the made-up owners live: area codes of one zone and one state on the mainland, several with a county of their own.

export interface Place {
  areaCode: number;
  state: string;
  county: string;
}

const ROWS: [number, string, string][] = [
  [214, "TX", "Dallas"],
  [312, "IL", "Cook"],
  [404, "GA", "Fulton"],
  [512, "TX", "Travis"],
  [713, "TX", "Harris"],
  [303, "CO", "Denver"],
  [415, "CA", "Marin"],
  [612, "MN", "Hennepin"],
  [212, "NY", "Kings"],
  [617, "MA", "Suffolk"],
  [704, "NC", "Gaston"],
  [502, "KY", "Bullitt"],
  [313, "MI", "Wayne"],
  [216, "OH", "Lorain"],
  [602, "AZ", "Pinal"],
  [505, "NM", "Valencia"],
  [801, "UT", "Tooele"],
  [515, "IA", "Polk"],
];

export const PLACES: readonly Place[] = ROWS.map(([areaCode, state, county]) => ({
  areaCode,
  state,
  county,
}));

/** A phone of the bench: exchange 555 and up. It is never dialled: messages go to a simulator, or nowhere. */
export const phoneSql = (n: string) =>
  `'+1' || (array[${PLACES.map(({ areaCode }) => areaCode)}])[1 + (${n}) % ${PLACES.length}] || lpad((5550000 + (${n}) / ${PLACES.length})::text, 7, '0')`;
