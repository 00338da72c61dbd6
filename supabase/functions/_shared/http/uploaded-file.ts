// A file in a multipart body, as a schema that the OpenAPI document can describe.
import { z } from "zod";

/** The schema of a field that must hold a file. */
export function uploadedFile() {
  return z
    .instanceof(File, { error: "Send it as a file in the multipart body." })
    .meta({ type: "string", format: "binary" });
}
