// Finds the phone column that another column is about.

/** A column's name from normaliseHeader (folded), the same with its words spelled out (name), and its index. */
export interface Column {
  folded: string;
  name: string;
  index: number;
}

const numberIn = (name: string) => /\d+/.exec(name)?.[0] ?? "";
/** Without these words, "Phone 1 Line Type" or "Phone 1 Opt-Out Date" is the phone's own name. */
const ABOUT =
  /\b(?:line type|linetype|type|tipo de|tipo|label|value|number|dnc|do not (?:call|text|contact|sms|message|disturb)|litigators?|tcpa|no (?:llamar|contactar|molestar)|opt(?:ed)? (?:out|in)|optout|optin|optedout|unsubscribed?|subscribed|blocked|blacklisted|suppressed|dnd|consent|status|estado|tags?|result|notes?|active|connected|disconnected|valid|invalid|reassigned|rnd|wrong|dado de baja|fecha|date|at|on|of|from|to|has|flag|list|is|federal|state)\b/g;
const ownName = (name: string) => name.replace(ABOUT, " ").replace(/\s+/g, " ").trim();

type Named = Pick<Column, "name" | "index">;

/**
 * Finds the phone that a column is about: the one of the same name; else the last one before it with the same number; else the
 * phone before it, unless only a name or a number counts.
 * @param phones in the order of the columns. They are indexed once, because it may be asked for every column
 */
export function createPhoneFinder(
  phones: readonly Named[],
): (column: Named, isByPlace?: boolean) => Named | undefined {
  const byName = new Map<string, Named>();
  const byNumber = new Map<string, Named[]>();
  for (const phone of phones) {
    const own = ownName(phone.name);
    if (!byName.has(own)) byName.set(own, phone);
    const number = numberIn(phone.name);
    const same = byNumber.get(number);
    if (same) same.push(phone);
    else byNumber.set(number, [phone]);
  }
  return ({ name, index }, isByPlace = true) => {
    const number = numberIn(name);
    const numbered = number === "" ? [] : (byNumber.get(number) ?? []);
    return (
      byName.get(ownName(name)) ??
      lastBefore(numbered, index) ??
      numbered[0] ??
      (isByPlace ? lastBefore(phones, index) : undefined)
    );
  };
}

function lastBefore(phones: readonly Named[], index: number): Named | undefined {
  let [low, high] = [0, phones.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((phones[middle] as Named).index < index) low = middle + 1;
    else high = middle;
  }
  return phones[low - 1];
}
