// Findings, grouped by kind: a fault that a hundred calls meet is one line.

export interface Finding {
  /** The rule that was broken. */
  kind: "server error" | "slow" | "read" | "changed" | "bystander" | "platform" | "no answer";
  /** The call or the loop. */
  target: string;
  caller?: string;
  /** What was odd about the call. */
  label?: string;
  found: string;
  /** The call's number: repeats it with the seed. */
  call?: number;
  /** The poison's number, the same. */
  poison?: number;
  /** A known cause: a stand-in of the local platform. */
  standIn?: true;
}

export class Findings {
  readonly all: (Finding & { count: number })[] = [];
  /** Notes that are not faults. */
  readonly notes = new Map<string, number>();

  add(finding: Finding): void {
    // Ids and counts differ from call to call.
    const shape = ({ kind, target, found }: Finding) =>
      `${kind}|${target}|${found.replace(/[0-9a-f-]{32,}|\d+/g, "#").slice(0, 160)}`;
    const known = this.all.find((one) => shape(one) === shape(finding));
    if (known) known.count++;
    else this.all.push({ ...finding, count: 1 });
  }

  note(text: string): void {
    this.notes.set(text, (this.notes.get(text) ?? 0) + 1);
  }

  get faults(): (Finding & { count: number })[] {
    return this.all.filter(({ standIn }) => !standIn);
  }
}

const cell = (text: string, length: number) =>
  text.replaceAll(/\s+/g, " ").replaceAll("|", "¦").slice(0, length);

/** A table in Markdown. @param repeat the command that repeats a run */
export function describeFindings(
  findings: readonly (Finding & { count: number })[],
  repeat: string,
): string[] {
  if (findings.length === 0) return ["no findings"];
  return [
    "| kind | call | who | value | answer | times | again |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...findings.map(
      ({ kind, target, caller = "", label = "", found, count, call, poison, standIn }) =>
        `| ${kind}${standIn ? " (stand-in)" : ""} | ${target} | ${caller} | ${cell(label, 120)} | ${cell(found, 200)} | ${count} | \`${repeat}${call === undefined ? "" : ` --only ${call}`}${poison === undefined ? "" : ` --times 0 --poison ${poison}`}\` |`,
    ),
  ];
}
