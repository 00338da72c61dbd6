// The file that the demo imports.

export interface LeadFile {
  name: string;
  bytes: Buffer;
  /** What an import must make of it; null for a file that was not made up here. */
  expected: { rows: number; rejected: number; duplicates: number } | null;
}
