// Reads the picture that was posted: as the body itself, or as the field `file` of a form.
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import { readBytes } from "../../_shared/http/read-body.ts";
import { detectType } from "../../_shared/media/detect-type.ts";

/** Twilio takes messages of 5 MB, and turns these types into what each carrier can show. */
export const MAX_PICTURE_BYTES = 5_242_880;
const TYPES = ["image/jpeg", "image/png", "image/gif"] as const;
/** The frame of a form around the file. */
const FRAME_BYTES = 65_536;

export interface Picture {
  type: (typeof TYPES)[number];
  bytes: Uint8Array;
}

/** @throws AppError payload_too_large, unsupported_media_type by the file's first bytes, malformed_request, invalid_input */
export async function readPicture(request: Request): Promise<Picture> {
  const contentType = request.headers.get("content-type") ?? "";
  const isForm = /^\s*multipart\/form-data\s*;/i.test(contentType);
  const body = await readBytes(request, MAX_PICTURE_BYTES + (isForm ? FRAME_BYTES : 0));
  const bytes = isForm ? await fileOf(body, contentType) : body;
  if (bytes.length === 0) throw refuse("The file is empty: send the picture itself.");
  if (bytes.length > MAX_PICTURE_BYTES)
    throw new AppError("payload_too_large", "The file is larger than 5 MiB: send a smaller picture.", {
      max_bytes: MAX_PICTURE_BYTES,
    });
  const type = TYPES.find((one) => one === detectType(bytes)?.type);
  if (type === undefined)
    throw new AppError("unsupported_media_type", "Only JPEG, PNG and GIF pictures can be sent.");
  return { type, bytes };
}

async function fileOf(body: Awaited<ReturnType<typeof readBytes>>, contentType: string): Promise<Uint8Array> {
  const form = await new Response(body, { headers: { "content-type": contentType } })
    .formData()
    .catch((cause) => {
      throw new AppError("malformed_request", "The form can't be read.", null, { cause });
    });
  const files = form.getAll("file");
  const [file] = files;
  if (files.length > 1) throw refuse("Send one file at a time.");
  if (!(file instanceof File)) throw refuse("Send the picture in the field file.");
  return new Uint8Array(await file.arrayBuffer());
}

const refuse = (message: string) => validationError([{ field: "file", message }]);
