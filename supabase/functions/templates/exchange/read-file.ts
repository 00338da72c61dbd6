// Reads the CSV that was posted: as the body itself, or as the field `file` of a form.
import { createUtf8Check } from "../../_shared/csv/check-utf-8.ts";
import { detectEncoding } from "../../_shared/csv/detect-encoding.ts";
import { decode } from "../../_shared/csv/encodings.ts";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import { readBytes } from "../../_shared/http/read-body.ts";

/** 500 rows of the longest texts, and room to spare. */
const MAX_FILE_BYTES = 2_097_152;
const CSV_TYPES = ["text/csv", "application/csv", "text/plain", "application/vnd.ms-excel"];

/** @throws AppError payload_too_large, unsupported_media_type, malformed_request, invalid_input for what is no text */
export async function readFile(request: Request): Promise<string> {
  const contentType = request.headers.get("content-type") ?? "";
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const isForm = type === "multipart/form-data";
  if (!isForm && !CSV_TYPES.includes(type))
    throw new AppError("unsupported_media_type", "Send the CSV as text/csv, or in the field file of a form.");
  const body = await readBytes(request, MAX_FILE_BYTES);
  return toText(isForm ? await fileOf(body, contentType) : body);
}

async function fileOf(body: Awaited<ReturnType<typeof readBytes>>, contentType: string): Promise<Uint8Array> {
  const form = await new Response(body, { headers: { "content-type": contentType } })
    .formData()
    .catch((cause) => {
      throw new AppError("malformed_request", "The form can't be read.", null, { cause });
    });
  const file = form.get("file");
  if (!(file instanceof File))
    throw validationError([{ field: "file", message: "Send the CSV in the field file." }]);
  return new Uint8Array(await file.arrayBuffer());
}

function toText(bytes: Uint8Array): string {
  const found = detectEncoding(bytes);
  if (!found) throw validationError([{ field: "file", message: "The file is no text. Save it as CSV." }]);
  const check = createUtf8Check();
  check.add(bytes);
  // The first bytes tell UTF-16; which of the others it is, only the whole file does.
  const encoding =
    found.encoding.startsWith("utf-16") || found.bomBytes > 0 ? found.encoding : check.encoding();
  return decode(bytes.subarray(found.bomBytes), encoding, true);
}
