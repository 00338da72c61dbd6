// Which number of a Messaging Service's pool writes to a person.
import type { Account, PhoneNumber } from "../state/account.ts";
import { hashText } from "../state/draw-random.ts";

/** The sticky sender: one person always hears from the same number while the pool is the same. Null for an empty pool. */
export function chooseSender(account: Account, serviceSid: string, to: string): PhoneNumber | null {
  const pool = [...account.numbers.values()].filter((number) => number.serviceSid === serviceSid);
  return pool[hashText(to, account.seed) % pool.length] ?? null;
}
