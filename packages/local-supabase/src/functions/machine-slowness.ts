// How much slower this machine is than a hosted one. Limits of CPU are times, and the same work takes a slow machine longer.

/**
 * CPU milliseconds of one piece of work on the machine that the limits are meant for. Hosted machines can't be measured here, so
 * it is the 2-core machine on which the figures of docs/benchmarks.md were taken.
 */
const REFERENCE_MS = 2.5;
/** Until then V8 compiles. */
const WARM_UP = 10;
const MEASURED = 11;
/** A machine that seems slower still is busy rather than slow. */
const MOST = 4;

const rows = Array.from({ length: 400 }, (_, i) => ({
  name: `Owner ${i * 7919}`,
  phone: `+1512555${String(i).padStart(4, "0")}`,
  acres: i / 7,
  tags: ["north", `t${i % 9}`],
}));

/**
 * Takes some 60 ms. It counts CPU and no waiting, and takes the middle of several values, so other load hardly changes it.
 * @returns 1 if the machine is as fast as the reference or faster; 2 if the same work takes twice the CPU; 4 at most
 */
export function measureSlowness(): number {
  return slownessOf(Array.from({ length: WARM_UP + MEASURED }, cpuOfWork).slice(WARM_UP));
}

/** @param times CPU milliseconds of the same piece of work, an odd number of them */
export function slownessOf(times: number[]): number {
  const middle = times.toSorted((a, b) => a - b)[(times.length - 1) / 2] as number;
  return Math.min(Math.max(middle / REFERENCE_MS, 1), MOST);
}

/** What functions do most: JSON, text, look-ups. */
function work(): number {
  let found = 0;
  for (let round = 0; round < 8; round++) {
    const copy = JSON.parse(JSON.stringify(rows)) as typeof rows;
    copy.sort((a, b) => (a.name < b.name ? -1 : 1));
    const byPhone = new Map(copy.map((row) => [row.phone, row]));
    for (const { phone } of rows) {
      if (/^\+1\d{10}$/.test(phone) && byPhone.get(phone)?.name.includes("77")) found++;
    }
  }
  return found;
}

function cpuOfWork(): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
