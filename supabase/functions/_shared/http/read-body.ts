// Reads a request's body, up to the route's limit, as what the route declares: JSON or a form.
import { AppError } from "./app-error.ts";

/**
 * Reads the bytes and counts them on the way, because Content-Length may be absent or wrong.
 * @throws AppError payload_too_large before more than `maxBytes` are held
 */
export async function readBytes(request: Request, maxBytes: number) {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const read = await reader?.read().catch((cause) => {
      throw new AppError("malformed_request", "The request body broke off: send it again.", null, { cause });
    });
    if (read === undefined || read.done) break;
    size += read.value.byteLength;
    if (size > maxBytes) {
      reader?.releaseLock();
      throw tooLarge(maxBytes);
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/**
 * @param mayBeEmpty whether the body may be missing: then this returns undefined
 * @throws AppError unsupported_media_type, malformed_json, payload_too_large
 */
export async function readJson(request: Request, maxBytes: number, mayBeEmpty = false): Promise<unknown> {
  const type = mediaType(request);
  if (type !== "" && type !== "application/json" && !type.endsWith("+json"))
    throw wrongType(type, "application/json");
  const bytes = await readBytes(request, maxBytes);
  if (bytes.byteLength === 0 && mayBeEmpty) return undefined;
  if (bytes.byteLength === 0) throw new AppError("malformed_json", "The body is empty: send a JSON object.");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new AppError("malformed_json", "The body is not valid JSON in UTF-8.");
  }
}

/** The body as a form, whatever its content type: the caller may have to be verified first. @throws AppError payload_too_large */
export async function readForm(request: Request, maxBytes: number): Promise<URLSearchParams> {
  return new URLSearchParams(new TextDecoder().decode(await readBytes(request, maxBytes)));
}

/** Fields of a form as Twilio posts it, without NUL, which Postgres can't hold. @throws AppError unsupported_media_type */
export function formFields(request: Request, form: URLSearchParams): Record<string, unknown> {
  const type = mediaType(request);
  if (type !== "application/x-www-form-urlencoded")
    throw wrongType(type, "application/x-www-form-urlencoded");
  const entries = [...form].map(([name, value]) => [withoutNul(name), withoutNul(value)]);
  return collect(entries as Iterable<[string, string]>);
}

const withoutNul = (text: string) => text.replaceAll("\u0000", "");

/** A name sent once is a value; sent several times, or as `name[]`, it is a list. */
function collect(entries: Iterable<[string, string]>): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of entries) {
    const key = name.replace(/\[\]$/, "");
    const before = fields.get(key);
    if (before === undefined) fields.set(key, key === name ? value : [value]);
    else fields.set(key, Array.isArray(before) ? [...before, value] : [before, value]);
  }
  return Object.fromEntries(fields);
}

function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

function tooLarge(maxBytes: number): AppError {
  const limit = maxBytes >= 1_048_576 ? `${Math.floor(maxBytes / 1_048_576)} MiB` : `${maxBytes} bytes`;
  return new AppError(
    "payload_too_large",
    `The body is larger than the ${limit} allowed here. Send less at a time.`,
    {
      max_bytes: maxBytes,
    },
  );
}

function wrongType(got: string, wanted: string): AppError {
  return new AppError("unsupported_media_type", `Send the body as ${wanted}${got ? `, not ${got}` : ""}.`);
}
