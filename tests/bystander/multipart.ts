// Forms with a file, whole and broken, written byte by byte.
import type { CallContext } from "./targets.ts";
import { anyText } from "./values.ts";

const BOUNDARIES = [
  "x",
  "b".repeat(69),
  "b".repeat(70),
  "b".repeat(71),
  "b".repeat(255),
  "b".repeat(256),
  "b".repeat(257),
  "b".repeat(5_000),
  "",
  "--",
  "a b",
  "'()+_,-./:=?",
  "\\",
  "é",
];

export interface OddBody {
  label: string;
  value: string | undefined;
  headers: Record<string, string>;
}

export async function multipartBody(form: FormData, context: CallContext, isOdd: boolean): Promise<OddBody> {
  const { random, loot } = context;
  const boundary = isOdd && random.next() < 0.3 ? random.pick(BOUNDARIES) : "----bystander";
  const file = form.get("file") as File;
  const odd = isOdd ? oddFile(context) : undefined;
  const csv = odd?.csv ?? (await file.text());
  const fields: [string, string][] = [];
  let label = isOdd ? `boundary of ${boundary.length}; file: ${odd?.label ?? "valid"}` : "";
  if (isOdd && random.next() < 0.5) {
    const name = random.pick([
      "mapping",
      "tags",
      "options",
      "auto_tags",
      "merge_strategy",
      "keep_case",
      "mapping_id",
      "delimiter",
      "upload_date",
      "__proto__",
      "",
    ]);
    const { label: what, value } = anyText(random, loot);
    const text = random.next() < 0.5 ? JSON.stringify({ Phone: value }) : value;
    fields.push([name, text]);
    label += `; field ${name} = ${what}`;
  }
  const name =
    isOdd && random.next() < 0.3
      ? anyText(random, loot)
          .value.slice(0, 2_000)
          .replaceAll(/["\r\n]/g, "_")
      : "a.csv";
  const parts = fields.map(
    ([key, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
  );
  parts.push(
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n${csv}\r\n`,
  );
  const end =
    isOdd && random.next() < 0.15
      ? random.pick(["", `--${boundary}`, `--${boundary}-`, "\r\n--"])
      : `--${boundary}--\r\n`;
  if (end.length < boundary.length) label += "; never ended";
  return {
    label,
    value: parts.join("") + end,
    headers: {
      "content-type": `multipart/form-data; boundary=${boundary.includes(" ") ? `"${boundary}"` : boundary}`,
    },
  };
}

const rows = (count: number, row: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => row(n)).join("\n");

/** Files at and beyond the limits of an import. */
export function oddFile({ random }: Pick<CallContext, "random">): { label: string; csv: string } | undefined {
  const phone = `+1214555${1000 + random.below(9_000)}`;
  return random.pick<{ label: string; csv: string } | undefined>([
    undefined,
    { label: "empty", csv: "" },
    { label: "one line", csv: "Phone" },
    {
      label: "3,000 columns",
      csv: `${rows(1, () => Array.from({ length: 3_000 }, (_, n) => `Column ${n}`).join(","))},Phone\n${",".repeat(3_000)}${phone}`,
    },
    {
      label: "12,000 columns",
      csv: `${Array.from({ length: 12_000 }, (_, n) => `C${n}`).join(",")},Phone\n${",".repeat(12_000)}${phone}`,
    },
    { label: "a cell of 131,000", csv: `Name,Phone\n${"x ".repeat(65_500)},${phone}` },
    { label: "a cell of separators", csv: `Name,Phone\n"${"-,;/".repeat(30_000)}",${phone}` },
    { label: "phones without end", csv: `Name,Phone\nRosa,"${"2145550100 ".repeat(10_000)}"` },
    {
      label: "digits without end",
      csv: `Name,Phone,Acres,Zip\nRosa,${"1".repeat(120_000)},${"1,".repeat(3)}${"9".repeat(50_000)},x`,
    },
    {
      label: "spaces without end",
      csv: `Name,Phone,Address,APN\nRosa,${phone},"${" ".repeat(60_000)}x","${" -".repeat(30_000)}"`,
    },
    {
      label: "numbers that turn quadratic",
      csv: `Acres,Estimated Value,Phone\n"${"1,".repeat(40_000)}x","$${"1".repeat(60_000)}k",${phone}`,
    },
    { label: "a name of 15,000 words", csv: `Owner Name,Phone\n"${"Garza Rosa ".repeat(7_500)}",${phone}` },
    {
      label: "300 rows of 100 words",
      csv: `Owner Name,Address,Phone\n${rows(300, (n) => `"${"Garza Maria ".repeat(50)}${n}","1 Main St",+1214556${1000 + n}`)}`,
    },
    { label: "quotes without end", csv: `Name,Phone\n${'"'.repeat(100_001)},${phone}` },
    { label: "never closed", csv: `Name,Phone\n"Rosa,${phone}\n${rows(2_000, (n) => `Rosa ${n},${phone}`)}` },
    { label: "NUL and lone bytes", csv: `Name,Phone\nRo\u0000sa\ufffe,${phone}\n\u0000` },
    { label: "5,000 empty rows", csv: `Name,Phone\n${",\n".repeat(5_000)}` },
    { label: "2,000 rows of one phone", csv: `Name,Phone\n${rows(2_000, (n) => `Rosa ${n},${phone}`)}` },
    { label: "columns of one name", csv: `${"Phone,".repeat(500)}Phone\n${`${phone},`.repeat(500)}${phone}` },
    { label: "formulas", csv: `Name,Phone,Notes\n=1+1,${phone},"＝cmd|' /C calc'!A0;=1+1"` },
  ]);
}
