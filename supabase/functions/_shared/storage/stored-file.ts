// The files that are kept in Storage, and their paths. This is the only place that builds a path, or reads one from the database.
// storage-js does not encode paths and fetch collapses "..": with the secret key, unchecked text as a path could reach any bucket.

export const BUCKETS = ["imports", "exports", "media"] as const;
export type Bucket = (typeof BUCKETS)[number];
export const EXPORT_FORMATS = ["csv", "xlsx"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The file of an import, a part of an unfinished export, the file of an export, or a file of messages. Ids are uuids, in lower case. */
export type StoredFile =
  | { kind: "import"; orgId: string; importId: string }
  | { kind: "part"; orgId: string; jobId: string; step: number; fileId: string }
  | { kind: "export"; orgId: string; jobId: string; fileId: string; format: ExportFormat }
  | { kind: "media"; orgId: string; mediaId: string };

/** Something that should be a path, or a part of one, is not one of ours. Another try can't help. */
export class UnsafePathError extends Error {
  override readonly name = "UnsafePathError";
}

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const ID = new RegExp(`^${UUID}$`);
const PATHS = {
  import: new RegExp(`^(${UUID})/(${UUID})\\.csv$`),
  part: new RegExp(`^(${UUID})/(${UUID})/([1-9][0-9]{0,8})-(${UUID})\\.part$`),
  export: new RegExp(`^(${UUID})/(${UUID})/(${UUID})\\.(csv|xlsx)$`),
  folder: new RegExp(`^(${UUID})/(${UUID})$`),
} as const;

/** @throws UnsafePathError if an id is no uuid, or the kind, step or format is not one of ours */
export function pathOf(file: StoredFile): { bucket: Bucket; path: string } {
  switch (file.kind) {
    case "import":
      return { bucket: "imports", path: `${id(file.orgId)}/${id(file.importId)}.csv` };
    case "part": {
      if (!Number.isInteger(file.step) || file.step < 1 || file.step > 999_999_999)
        throw new UnsafePathError("the step of a part must be a whole number from 1 on");
      return {
        bucket: "exports",
        path: `${id(file.orgId)}/${id(file.jobId)}/${file.step}-${id(file.fileId)}.part`,
      };
    }
    case "export":
      return {
        bucket: "exports",
        path: `${id(file.orgId)}/${id(file.jobId)}/${id(file.fileId)}.${exportFormat(file.format)}`,
      };
    case "media":
      return { bucket: "media", path: `${id(file.orgId)}/${id(file.mediaId)}` };
    default:
      throw new UnsafePathError("there is no such kind of file");
  }
}

/** @throws UnsafePathError unless it is one of the formats an export may have */
export function exportFormat(value: unknown): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => known === value);
  if (format === undefined) throw new UnsafePathError("the format of an export must be csv or xlsx");
  return format;
}

/** The file of an import that is stored at this path. @throws UnsafePathError if it is another import's, or no such path */
export function importFileAt(path: unknown, importId?: string): StoredFile & { kind: "import" } {
  const [orgId, id] = match("import", path);
  const file = { kind: "import", orgId, importId: id } as const;
  if (importId !== undefined && importId !== id) throw new UnsafePathError("the path is another import's");
  return file;
}

/** The file of messages at this path. @throws UnsafePathError if it is another organisation's, or no such path */
export function mediaFileAt(path: unknown, owner: string | null): StoredFile & { kind: "media" } {
  const [orgId, mediaId] = match("folder", path);
  if (orgId !== owner) throw new UnsafePathError("the path is another organisation's");
  return { kind: "media", orgId, mediaId };
}

/** The file or part of this export at this path. @throws UnsafePathError if it is another export's, or no such path */
export function exportFileAt(
  path: unknown,
  owner: { orgId: string; jobId: string },
): StoredFile & { kind: "part" | "export" } {
  const isPart = typeof path === "string" && path.endsWith(".part");
  const [orgId, jobId, third, fourth] = match(isPart ? "part" : "export", path);
  if (orgId !== owner.orgId || jobId !== owner.jobId)
    throw new UnsafePathError("the path is another export's");
  return isPart
    ? { kind: "part", orgId, jobId, step: Number(third), fileId: fourth }
    : { kind: "export", orgId, jobId, fileId: third, format: exportFormat(fourth) };
}

/** The export whose files are in this folder of the bucket exports. @throws UnsafePathError if it is no such folder */
export function exportFolder(folder: unknown): { orgId: string; jobId: string } {
  const [orgId, jobId] = match("folder", folder);
  return { orgId, jobId };
}

function match(kind: keyof typeof PATHS, path: unknown): [string, string, string, string] {
  // A text longer than any of our paths is not even matched.
  const found = typeof path === "string" && path.length <= 200 ? PATHS[kind].exec(path) : null;
  if (found === null) throw new UnsafePathError("the path is none that a file of ours has");
  const [, first = "", second = "", third = "", fourth = ""] = found;
  return [first, second, third, fourth];
}

function id(value: unknown): string {
  if (typeof value === "string" && value.length === 36 && ID.test(value)) return encodeURIComponent(value);
  throw new UnsafePathError("an id in a path must be a uuid");
}
