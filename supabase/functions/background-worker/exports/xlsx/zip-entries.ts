// The headers in a zip file around the bytes of its entries (PKWARE APPNOTE 6.3.10, 4.3). Sizes and checksums are known
// beforehand, and nothing is over 4 GB, so zip64 is not needed.

export interface ZipEntry {
  path: string;
  crc: number;
  /** The deflated size. */
  bytes: number;
  /** The size before it was deflated. */
  rawBytes: number;
}

/** The format's 32-bit fields can't hold more. */
export const MAX_ZIP_BYTES = 0xffff_ffff;
const VERSION = 20;
const UTF_8_NAMES = 0x0800;
const DEFLATED = 8;
/** 1 January 1980, the earliest date of the format. It is fixed, so that the same leads make the same file. */
const DATE = 0x0021;

/** What comes before the entry's deflated bytes. */
export function localHeader(entry: ZipEntry): Uint8Array {
  const name = new TextEncoder().encode(entry.path);
  const bytes = new Uint8Array(30 + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  writeCommon(view, 4, entry, name.length);
  bytes.set(name, 30);
  return bytes;
}

/** What ends the file. @param entries in their order, each with the offset of its local header */
export function centralDirectory(entries: readonly (ZipEntry & { offset: number })[]): Uint8Array {
  const names = entries.map(({ path }) => new TextEncoder().encode(path));
  const size = names.reduce((sum, name) => sum + 46 + name.length, 0);
  const bytes = new Uint8Array(size + 22);
  const view = new DataView(bytes.buffer);
  let at = 0;
  entries.forEach((entry, i) => {
    const name = names[i] as Uint8Array;
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, VERSION, true);
    writeCommon(view, at + 6, entry, name.length);
    view.setUint32(at + 42, entry.offset, true);
    bytes.set(name, at + 46);
    at += 46 + name.length;
  });
  const last = entries.at(-1);
  const start = last ? last.offset + 30 + (names.at(-1)?.length ?? 0) + last.bytes : 0;
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, start, true);
  return bytes;
}

/** The fields that both headers have, from "version needed to extract" on. */
function writeCommon(view: DataView, at: number, entry: ZipEntry, nameLength: number): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, UTF_8_NAMES, true);
  view.setUint16(at + 4, DEFLATED, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.bytes, true);
  view.setUint32(at + 18, entry.rawBytes, true);
  view.setUint16(at + 22, nameLength, true);
}
