// Serves single files of the project, such as a page that shows its API.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";

/** The file behind a path of the gateway. */
export type Page = { file: string; contentType: string };

/** Answers 404 if the file is not there. */
export async function servePage({ file, contentType }: Page, res: ServerResponse): Promise<void> {
  const size = (await stat(file).catch(() => null))?.size;
  if (size === undefined) {
    res.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
    res.end(`${file} is missing: run npm install.\n`);
    return;
  }
  res.writeHead(200, {
    "content-type": contentType,
    "content-length": size,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  });
  createReadStream(file)
    .on("error", () => res.destroy())
    .pipe(res);
}
