// Reads what was posted as an import: a form with the field file, the CSV itself as the body, or JSON that names an upload.
import { z } from "zod";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import { parseJson } from "../../_shared/http/parse-json.ts";
import { readMultipartStream } from "./read-multipart-stream.ts";

export interface UploadedFile {
  name: string;
  /** The size of the body that was announced, or the largest allowed size if none was. */
  announcedBytes: number;
  chunks: AsyncIterable<Uint8Array>;
}

export interface Upload<T> {
  /** The form's other fields (a later one wins), the query's if the body is the file, or those of a JSON body, values as JSON. */
  fields: Record<string, string>;
  file: T;
  /** Set if the file is in Storage already. */
  uploadId?: string;
}

export interface UploadReader<T> {
  /** Gets the file as it streams in, the fields that came before it, and the id of its upload if it has one. */
  receive(file: UploadedFile, fields: Record<string, string>, uploadId?: string): Promise<T>;
  /** Opens the file of an upload. */
  open(uploadId: string): Promise<UploadedFile>;
}

const CSV_TYPES = [
  "text/csv",
  "application/csv",
  "text/plain",
  "text/tab-separated-values",
  "application/vnd.ms-excel",
];
const MAX_FIELD_BYTES = 262_144;
/** 100 MiB of file, as the bucket allows, and room for the form around it. */
export const MAX_FILE_BYTES = 104_857_600;
const MAX_DROP_BYTES = 268_435_456;
const MAX_BODY_BYTES = MAX_FILE_BYTES + 1_048_576;

/** @throws AppError 400, 413, 415, or 422 saying what was sent instead of a file; and what receive and open throw */
export async function readUpload<T>(request: Request, reader: UploadReader<T>): Promise<Upload<T>> {
  const body = new UploadBody(request);
  try {
    return await read(request, body, reader);
  } catch (error) {
    // If it were answered while the caller still sends, the connection would be cut and the answer lost.
    await body.drop();
    throw error;
  }
}

async function read<T>(request: Request, body: UploadBody, reader: UploadReader<T>): Promise<Upload<T>> {
  const length = Number(request.headers.get("content-length") ?? MAX_BODY_BYTES);
  const announcedBytes = Number.isSafeInteger(length) ? length : MAX_BODY_BYTES;
  if (announcedBytes > MAX_BODY_BYTES) throw fileTooLarge();
  const receive: Receive<T> = (file, ...rest) => reader.receive({ ...file, announcedBytes }, ...rest);
  const contentType = request.headers.get("content-type") ?? "";
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json") return await readNamed(body, reader);
  if (CSV_TYPES.includes(type)) {
    const fields = Object.fromEntries(new URL(request.url).searchParams);
    const file = { name: cleanName(fields.file_name), chunks: body.chunks() };
    return { fields, file: await receive(file, fields) };
  }
  if (type !== "multipart/form-data") {
    throw new AppError(
      "unsupported_media_type",
      `Send a form (multipart/form-data) with the CSV in its field file${type ? `, not ${type}` : ""}.`,
    );
  }
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  if (!boundary) {
    throw new AppError(
      "malformed_request",
      "The content-type names no boundary. Let your client set it: leave the header out.",
    );
  }
  const parts = readMultipartStream(body.chunks(), (boundary[1] ?? boundary[2]) as string);
  return await readForm(parts, receive);
}

/** Takes a file out of the body; the caller adds the size, which only the request knows. */
type Receive<T> = (file: Omit<UploadedFile, "announcedBytes">, fields: Record<string, string>) => Promise<T>;

async function readForm<T>(
  parts: ReturnType<typeof readMultipartStream>,
  receive: Receive<T>,
): Promise<Upload<T>> {
  const fields: Record<string, string> = {};
  let received: { file: T } | undefined;
  for await (const { name, fileName, chunks } of parts) {
    if (name === "file" && fileName !== undefined) {
      if (received) throw fieldError("file", "Send one file at a time.");
      received = { file: await receive({ name: cleanName(fileName), chunks }, fields) };
    } else {
      fields[name] = await readText(name, chunks);
    }
  }
  if (received) return { fields, file: received.file };
  if ("file" in fields) {
    throw fieldError(
      "file",
      `The field file holds the text "${fields.file?.slice(0, 60)}" and no file. Append the File object itself to the form.`,
    );
  }
  const names = Object.keys(fields).join(", ") || "nothing";
  throw fieldError("file", `The form has no file. Put the CSV into its field file; it holds: ${names}.`);
}

async function readText(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > MAX_FIELD_BYTES)
      throw fieldError(name, `The field ${name} is longer than ${MAX_FIELD_BYTES} bytes.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Reads JSON that names an upload; its other fields are read like those of a form. */
async function readNamed<T>(body: UploadBody, { receive, open }: UploadReader<T>): Promise<Upload<T>> {
  const json = parseJson(await readText("body", body.chunks()));
  const sent = z.record(z.string(), z.unknown()).safeParse(json).data;
  if (sent?.upload_id === undefined) throw explainJson(json);
  const id = z.uuid().safeParse(sent.upload_id).data;
  if (id === undefined)
    throw fieldError("upload_id", "upload_id must be the id that POST /leads/import/upload gave.");
  const fields = Object.fromEntries(
    Object.entries(sent)
      .filter(([name, value]) => name !== "upload_id" && value !== null && value !== undefined)
      .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const file = await open(id);
  const named = fields.file_name === undefined ? file : { ...file, name: cleanName(fields.file_name) };
  return { fields, file: await receive(named, fields, id), uploadId: id };
}

/** A File turned into JSON is {}: clients that set the content type by hand send that. */
function explainJson(json: unknown): AppError {
  const file = (json as { file?: unknown } | null | undefined)?.file;
  const sent =
    json === undefined
      ? "JSON that can't be read"
      : file === undefined
        ? "JSON"
        : `JSON whose file is ${JSON.stringify(file).slice(0, 40)}: a File can't be put into JSON`;
  return fieldError(
    "file",
    `The request is ${sent}. Send a form (multipart/form-data) with the CSV in its field file, and leave the content-type header to your client; or JSON with the upload_id of a file that POST /leads/import/upload let you send.`,
  );
}

/** The request's body as a stream: after reading stopped, the rest can still be read and discarded. */
class UploadBody {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(request: Request) {
    this.reader = request.body?.getReader();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const read = await this.reader?.read().catch((cause) => {
        throw new AppError("malformed_request", "The upload broke off: send it again.", null, { cause });
      });
      if (read === undefined || read.done) return;
      yield read.value;
    }
  }

  /** Reads the rest and discards it; after MAX_DROP_BYTES the connection is cut all the same. */
  async drop(): Promise<void> {
    let dropped = 0;
    try {
      for await (const chunk of this.chunks()) {
        dropped += chunk.length;
        if (dropped > MAX_DROP_BYTES) break;
      }
      await this.reader?.cancel();
    } catch {
      // The caller has gone; there is nobody left to answer.
    }
  }
}

/** The last part of a path, without control characters. */
export function cleanName(name: string | undefined): string {
  const last = (name ?? "").split(/[\\/]/).at(-1) ?? "";
  return (
    last
      .replace(/\p{Cc}/gu, "")
      .trim()
      .slice(0, 300) || "leads.csv"
  );
}

export function fileTooLarge(): AppError {
  return new AppError(
    "payload_too_large",
    `The file is larger than ${MAX_FILE_BYTES / 1_048_576} MB. Split it and import the parts one by one.`,
    { max_bytes: MAX_FILE_BYTES },
  );
}

function fieldError(field: string, message: string): AppError {
  return validationError([{ field, message }]);
}
