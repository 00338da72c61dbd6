// Asks the kernel whether an account can enter a folder, parents included.
import { spawnSync } from "node:child_process";
import { type Account, asAccount } from "./choose-account.ts";

/** Whether the account may enter this existing folder; true when no account is given (we run as ourselves). */
export function canReach(folder: string, account: Account | undefined): boolean {
  if (!account) return true;
  const probe = spawnSync("/bin/sh", ["-c", 'test -x "$1"', "sh", folder], {
    cwd: "/",
    stdio: "ignore",
    ...asAccount(account),
  });
  return probe.status === 0;
}
