// Adds the packages of other platforms to package-lock.json where a registry did not offer them when it was written: without
// them `npm ci` refuses the file everywhere, and `npm install` on another platform leaves their binaries out.
// Run it after changing a dependency: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(FILE, "utf8"));
const SYSTEMS = { android: "android", darwin: "darwin", linux: "linux", win32: "win32", windows: "win32" };

for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    // Beside its parent, unless another version lies there.
    const shared = `node_modules/${name}`;
    const isTaken =
      /^[\d.]+$/.test(version) && ![undefined, version].includes(lock.packages[shared]?.version);
    const path = isTaken ? `${parent}/${shared}` : shared;
    if (lock.packages[path] || lock.packages[`${parent}/${shared}`]) continue;
    const [, system, cpu, libc] =
      /(android|darwin|linux|win32|windows)-(arm64|x64)(?:-(musl|glibc))?$/.exec(name) ?? [];
    if (!system) throw new Error(`${name}: its name does not say which platform it is for`);
    lock.packages[path] = {
      version,
      ...(libc && { libc: [libc] }),
      cpu: [cpu],
      ...(dev && { dev }),
      optional: true,
      os: [SYSTEMS[system]],
    };
    console.log(`added ${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a === "" ? -1 : b === "" ? 1 : a < b ? -1 : 1)),
);
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
