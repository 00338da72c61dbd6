// Writes made-up owners as the kind of CSV that people send: phones in any format, quoted commas, a byte order mark.
import type { Owner } from "./make-owners.ts";
import type { Random } from "./random.ts";

const HEADER = [
  "First Name",
  "Last Name",
  "Phone",
  "Phone Type",
  "Phone 2",
  "Email",
  "Mailing Address",
  "Mailing City",
  "Mailing State",
  "Mailing Zip",
  "County",
  "APN",
  "Acreage",
  "SMS Consent",
  "Notes",
  "List Name",
];

/** UTF-8 with a byte order mark and CR LF, as Excel writes it. */
export function writeOwnersCsv(owners: Owner[], random: Random): Buffer {
  const lines = [HEADER.join(",")];
  for (const owner of owners) lines.push(writeRow(owner, random));
  return Buffer.from(`\ufeff${lines.join("\r\n")}\r\n`, "utf8");
}

function writeRow(owner: Owner, random: Random): string {
  const cells = [
    random.next() < 0.1 ? owner.firstName.toUpperCase() : owner.firstName,
    owner.lastName,
    writePhone(owner.phone, random),
    owner.kind === "landline" ? "Landline" : random.pick(["Mobile", "Mobile", "Wireless", ""]),
    writePhone(owner.secondPhone, random),
    owner.email,
    owner.address,
    owner.city,
    owner.state,
    owner.zip,
    owner.county,
    owner.apn,
    owner.acres,
    owner.kind === "refuses" ? "No" : random.pick(["", "", "Yes"]),
    owner.notes,
    random.pick(["Q1 mailer", "Tax roll, spring"]),
  ];
  return cells.map(quote).join(",");
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function writePhone(phone: string, random: Random): string {
  if (!/^\d{10}$/.test(phone)) return phone;
  const [area, exchange, line] = [phone.slice(0, 3), phone.slice(3, 6), phone.slice(6)];
  return random.pick([
    phone,
    `(${area}) ${exchange}-${line}`,
    `${area}-${exchange}-${line}`,
    `${area}.${exchange}.${line}`,
    `+1${phone}`,
    `1 ${area} ${exchange} ${line}`,
    ` ${area} ${exchange}-${line} `,
    `${phone}.0`,
  ]);
}
