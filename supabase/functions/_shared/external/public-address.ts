// Whether an address on the network is anybody's but ours: not this machine, not a private network, not a cloud's metadata.

/** @param ip as DNS gives it, or as it stands in a URL without brackets */
export function isPublicAddress(ip: string): boolean {
  const four = readIpv4(ip);
  if (four) return isPublicIpv4(four);
  const six = readIpv6(ip);
  return six !== null && isPublicIpv6(six);
}

/** Networks that are nobody's or somebody's own (IANA's special-purpose registry), as first bytes and how many bits of them count. */
const NOT_PUBLIC_IPV4: [number[], number][] = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  // Azure's own, which answers from inside: the only metadata address in public space.
  [[168, 63, 129, 16], 32],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 88, 99], 24],
  [[192, 168], 16],
  [[198, 18], 15],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  [[224], 3],
];

function isPublicIpv4(bytes: number[]): boolean {
  return !NOT_PUBLIC_IPV4.some(([network, bits]) => isWithin(bytes, network, bits));
}

/** Of IPv6 only 2000::/3 is given out; in it, what stands for IPv4 or for nobody is left out. */
function isPublicIpv6(bytes: number[]): boolean {
  if (!isWithin(bytes, [0x20], 3)) return false;
  const not: [number[], number][] = [
    [[0x20, 0x01, 0x00], 23],
    [[0x20, 0x01, 0x0d, 0xb8], 32],
    [[0x20, 0x02], 16],
    [[0x3f, 0xff, 0x00], 20],
  ];
  return !not.some(([network, bits]) => isWithin(bytes, network, bits));
}

function isWithin(bytes: number[], network: number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = 0xff & (0xff << Math.max(0, 8 - (bits - bit)));
    if (((bytes[bit / 8] as number) & mask) !== ((network[bit / 8] ?? 0) & mask)) return false;
  }
  return true;
}

function readIpv4(text: string): number[] | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function readIpv6(text: string): number[] | null {
  const plain = text.split("%", 1)[0] as string;
  if (!/^[0-9a-f:.]+$/i.test(plain) || !plain.includes(":")) return null;
  // A tail such as ::ffff:10.0.0.1 is two groups; those networks are not public either way.
  const groups = plain.replace(/(?<!\d)\d+(\.\d+){3}$/, "0:0").split("::");
  if (groups.length > 2) return null;
  const [head = [], tail = []] = groups.map((part) => (part === "" ? [] : part.split(":")));
  const missing = 8 - head.length - tail.length;
  if (groups.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array<string>(groups.length === 1 ? 0 : missing).fill("0"), ...tail];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return all.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
