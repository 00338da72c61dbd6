// A file of owners like a county's export, and the expected result of its import.
import { US_AREA_CODES } from "../../../supabase/functions/_shared/sms/nanp-area-codes.generated.ts";

const CODES = US_AREA_CODES.split(" ");
const HEADER =
  "Owner 1 First Name,Owner 1 Last Name,Mail Address,Mail City,Mail State,Mail Zip,County,APN,Lot Acres,Market Value,Phone 1,Phone 1 Type,Phone 2,Phone 3,Legal Description";
const TOWNS = ["Austin", "San Antonio", "El Paso", "Lubbock", "Marfa", "Laredo", "Corpus Christi"];

/** 2 % have no valid phone, 5 % the first phone of an earlier row; 70 % of the rest have two phones and 30 % three. */
export const isBad = (row: number) => row % 50 === 13;
export const isDuplicate = (row: number) => row % 20 === 7;
const phoneCount = (row: number) => (row % 10 < 7 ? 2 : 3);

/** The n-th of a million different phones of ordinary exchanges; none of them in 555. */
function phone(n: number): string {
  const line = Math.floor(n / CODES.length);
  return `+1${CODES[n % CODES.length]}${2_230_000 + line}`;
}

/** @param first the first running number of its phones, three a row */
export function makeFile(rows: number, first: number): string {
  const lines = [HEADER];
  for (let row = 0; row < rows; row++) {
    const own = first + row * 3;
    const phones = Array.from({ length: phoneCount(row) }, (_, i) => phone(own + i));
    if (isDuplicate(row)) phones[0] = phone(own - 6 * 3);
    const [one, two, three = ""] = isBad(row) ? ["none", "12345"] : phones;
    lines.push(
      [
        `GUADALUPE ${row % 97},"PEÑA, ${row}",${100 + (row % 9000)} Ranch Road ${row % 50},${TOWNS[row % 7]},TX,${75_000 + (row % 4000)}`,
        `Travis,R-${row},${(row % 400) / 4},"$${10_000 + (row % 900) * 100}",${one},Mobile,${two},${three},"Lot ${row}, Block ${row % 12}"`,
      ].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

export interface Expected {
  rejected: number;
  duplicates: number;
  /** Phones of the leads, if duplicates are left out. */
  phones: number;
}

export function expectedOf(rows: number): Expected {
  const all = Array.from({ length: rows }, (_, row) => row);
  const imported = all.filter((row) => !isBad(row) && !isDuplicate(row));
  return {
    rejected: all.filter(isBad).length,
    duplicates: all.filter(isDuplicate).length,
    phones: imported.reduce((sum, row) => sum + phoneCount(row), 0),
  };
}
