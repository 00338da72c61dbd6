// What a file is, by its first bytes. What its sender or its name says counts for nothing: a page that calls itself a picture
// would run in the browser of whoever opens it.

export interface DetectedType {
  type: string;
  /** For the name of a download, without a dot. */
  extension: string;
  /** Whether a browser may show it. Everything else is only ever downloaded. */
  isInline: boolean;
}

const OTHER: DetectedType = { type: "application/octet-stream", extension: "bin", isInline: false };
const picture = (type: string, extension: string) => ({ type: `image/${type}`, extension, isInline: true });
const download = (type: string, extension: string) => ({ type, extension, isInline: false });

/** Where its bytes begin, as text of one character a byte, and what it is then. */
const MAGIC: readonly [at: number, text: string, is: DetectedType][] = [
  [0, "\xff\xd8\xff", picture("jpeg", "jpg")],
  [0, "\x89PNG\r\n\x1a\n", picture("png", "png")],
  [0, "GIF87a", picture("gif", "gif")],
  [0, "GIF89a", picture("gif", "gif")],
  [0, "%PDF-", download("application/pdf", "pdf")],
  [4, "ftyp3g", download("video/3gpp", "3gp")],
  [4, "ftypqt", download("video/quicktime", "mov")],
  [4, "ftyphei", download("image/heic", "heic")],
  [4, "ftypmif1", download("image/heic", "heic")],
  [4, "ftypM4A", download("audio/mp4", "m4a")],
  [4, "ftyp", download("video/mp4", "mp4")],
  [0, "#!AMR", download("audio/amr", "amr")],
  [0, "OggS", download("audio/ogg", "ogg")],
  [0, "ID3", download("audio/mpeg", "mp3")],
  [0, "BEGIN:VCARD", download("text/vcard", "vcf")],
];

/** @returns null for HTML, SVG and XML, which may contain programs: they are not taken at all */
export function detectType(bytes: Uint8Array): DetectedType | null {
  const head = Array.from(bytes.subarray(0, 1_024), (byte) => String.fromCharCode(byte)).join("");
  const found = MAGIC.find(([at, text]) => head.startsWith(text, at));
  if (found) return found[2];
  if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) return picture("webp", "webp");
  // Browsers skip what stands before the first tag, and read UTF-16 too, in which every second byte is 0.
  const text = head.replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "").replace(/[\0\s]/g, "");
  return text.startsWith("<") ? null : OTHER;
}

const KNOWN = new Map(
  [...MAGIC.map(([, , is]) => is), picture("webp", "webp"), OTHER].map((is) => [is.type, is] as const),
);

/** What a stored file is. */
export function knownType(type: string): DetectedType {
  return KNOWN.get(type) ?? OTHER;
}

/** The type as which Storage keeps it: a browser that opens anything but a picture downloads it, whatever the address says. */
export function storedType(is: DetectedType): string {
  return is.isInline ? is.type : OTHER.type;
}
