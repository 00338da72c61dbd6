// Everything in a workbook's file except the rows: the bytes before the sheet's deflated parts and those after them.
import { crc32 } from "./crc-32.ts";
import { DEFLATE_END, deflatePiece } from "./deflate-piece.ts";
import { SHEET_END } from "./sheet-xml.ts";
import { SHEET_PATH, WORKBOOK_FILES } from "./workbook-files.ts";
import { centralDirectory, localHeader, type ZipEntry } from "./zip-entries.ts";

export interface Frame {
  before: Uint8Array;
  after: Uint8Array;
}

/** @param parts of the sheet so far: its XML's checksum and length, and the length of the deflated parts */
export function workbookFrame(parts: { crc: number; rawBytes: number; bytes: number }): Frame {
  const encoder = new TextEncoder();
  const entries: (ZipEntry & { offset: number })[] = [];
  const before: Uint8Array[] = [];
  let offset = 0;
  const add = (entry: ZipEntry, content?: Uint8Array) => {
    const header = localHeader(entry);
    entries.push({ ...entry, offset });
    before.push(header, ...(content ? [content] : []));
    offset += header.length + (content?.length ?? 0);
  };
  for (const [path, text] of WORKBOOK_FILES) {
    const raw = encoder.encode(text);
    const content = joined([deflatePiece(raw), DEFLATE_END]);
    add({ path, crc: crc32(raw), rawBytes: raw.length, bytes: content.length }, content);
  }
  const end = encoder.encode(SHEET_END);
  const tail = joined([deflatePiece(end), DEFLATE_END]);
  add({
    path: SHEET_PATH,
    crc: crc32(end, parts.crc),
    rawBytes: parts.rawBytes + end.length,
    bytes: parts.bytes + tail.length,
  });
  return { before: joined(before), after: joined([tail, centralDirectory(entries)]) };
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
