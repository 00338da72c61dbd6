// Gives Twilio a file of a message that we sent. The address is signed, because Twilio signs no such request.
import { z } from "zod";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { AppError } from "../_shared/http/app-error.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { openFileStore } from "../_shared/storage/file-store.ts";
import { mediaFileAt } from "../_shared/storage/stored-file.ts";
import { isMediaAddressValid, mediaKey } from "../_shared/twilio/media-address.ts";
import { connect } from "./webhook-context.ts";

export const mediaParams = z.object({ id: z.uuid() });
export const mediaQuery = z.object({
  e: z.string().max(20).default("").describe("When the address expires, in seconds since 1970"),
  t: z.string().max(60).default("").describe("Its signature"),
});

interface OutgoingMedia {
  org_id: string;
  path: string;
  content_type: string;
  bytes: number;
}

/** @throws AppError not_found for every address that is not valid now: it tells nothing about what there is */
export async function serveMedia(
  ctx: MachineContext,
  { params, query }: { params: z.output<typeof mediaParams>; query: z.output<typeof mediaQuery> },
): Promise<Response> {
  const sql = connect(ctx);
  const id = params.id.toLowerCase();
  const key = await retryPassingErrors(() => mediaKey(sql));
  // Nothing else is asked before: a forged address costs no query.
  if (!(await isMediaAddressValid(key, id, query, Date.now() / 1_000))) throw unknownFile();
  const [row] = await retryPassingErrors(
    () => sql<{ media: OutgoingMedia | null }[]>`select private.outgoing_media(${id}) as media`,
  );
  if (!row?.media) throw unknownFile();
  const { org_id, path, content_type, bytes } = row.media;
  const headers = { "content-type": content_type, "content-length": String(bytes) };
  if (ctx.request.method === "HEAD") return new Response(null, { headers });
  const content = await openFileStore(ctx.env)
    .download(mediaFileAt(path, org_id))
    .then((stream) => new Response(stream).arrayBuffer())
    .catch((cause) => {
      throw new AppError("try_again", "The file could not be read just now: retry.", null, { cause });
    });
  return new Response(content, { headers });
}

const unknownFile = () => new AppError("not_found", "There is no such file, or its address has expired.");
