// Reads IANA's list of top-level domains (data.iana.org/TLD/tlds-alpha-by-domain.txt): phones make a link of a name under any of them.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { domainToUnicode, fileURLToPath } from "node:url";

const PATH = join(dirname(fileURLToPath(import.meta.url)), "top-level-domains.txt");

/** In lower case and in order; those in other scripts both as xn-- and as written. Throws if the file is malformed. */
export function readTopLevelDomains(): string[] {
  const [header = "", ...lines] = readFileSync(PATH, "utf8").trim().split("\n");
  if (!header.startsWith("# Version ")) throw new Error(`${PATH}: the first line must name its version`);
  const names = new Set<string>();
  for (const line of lines) {
    const name = line.trim().toLowerCase();
    if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new Error(`${PATH}: bad name ${line}`);
    names.add(name);
    if (name.startsWith("xn--")) names.add(domainToUnicode(name));
  }
  return [...names].sort();
}
