// Recognises, by their first bytes, files that people send instead of a CSV.

const SIGNATURES: readonly [number[], string][] = [
  [[0x50, 0x4b, 0x03, 0x04], "an Excel workbook or another zip file"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF"],
  [[0x1f, 0x8b], "a gzip file"],
  [[0x89, 0x50, 0x4e, 0x47], "a picture"],
  [[0xff, 0xd8, 0xff], "a picture"],
  [[0x47, 0x49, 0x46, 0x38], "a picture"],
  [[0x7b, 0x5c, 0x72, 0x74, 0x66], "a text document (RTF)"],
];

/** @returns what the file is, null if it may be a CSV */
export function detectFileType(head: Uint8Array): string | null {
  const known = SIGNATURES.find(([bytes]) => bytes.every((byte, i) => head[i] === byte));
  if (known) return known[1];
  const start = new TextDecoder("windows-1252").decode(head.subarray(0, 512)).replace(/^ï»¿/, "").trimStart();
  if (/^(<!doctype|<html|<\?xml|<table)/i.test(start)) return "a web page or XML";
  if (/^(\{\s*"|\[\s*[{["])/.test(start)) return "JSON";
  return null;
}
