// Picks the account the database server runs as: Postgres refuses to run as root.
import { execFileSync } from "node:child_process";

export type Account = { name: string; uid: number; gid: number };

/** Accounts that exist on most systems, the most fitting first (`_postgres` is macOS's). */
const CANDIDATES = ["postgres", "_postgres", "nobody", "daemon"];

/** Returns undefined when this process is not root (the server then runs as the same user); throws if none fits. */
export function chooseAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of CANDIDATES) {
    const uid = idOf("-u", name);
    const gid = idOf("-g", name);
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid };
  }
  throw new Error(
    `Postgres does not run as root, and none of the accounts ${CANDIDATES.join(", ")} exists. Create one, or start as another user.`,
  );
}

/** Spawn options that run a child as this account. `| 0`: macOS's nobody is 4294967294, which Node wants as -2. */
export function asAccount(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid | 0, gid: account.gid | 0 } : {};
}

function idOf(flag: "-u" | "-g", name: string): number | undefined {
  try {
    return Number.parseInt(
      execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }).toString(),
      10,
    );
  } catch {
    return undefined;
  }
}
