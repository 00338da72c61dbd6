// The file that the demo imports.

export interface LeadFile {
  name: string;
  bytes: Buffer;
  /** The expected result of its import; null for a file that was not made up here. */
  expected: { rows: number; rejected: number; duplicates: number } | null;
}
