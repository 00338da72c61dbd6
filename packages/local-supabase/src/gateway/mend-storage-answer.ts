// Changes lite's storage answers into the hosted ones if storage-js or a byte-range reader would fail on them.
import type { StorageRequest } from "./storage-request.ts";

type SignedUrl = { signedUrl?: string; signedURL?: string };

// storage-js joins its own base, which ends in /storage/v1, with `signedURL` (download) or `url` (upload).
function withoutPrefix(url: string | undefined): string | null {
  return url ? url.replace(/^\/storage\/v1/, "") : null;
}

/**
 * Takes the method and path under /storage/v1, the result of the object folder, and lite's answer. Returns the answer to
 * send: signed URLs in the shape `signedURL` / `url`, keys with their bucket, 206 and 416 for ranges.
 */
export async function mendStorageAnswer(
  method: string,
  path: string,
  request: StorageRequest,
  answer: Response,
): Promise<Response> {
  if (answer.ok && method === "POST" && path.startsWith("/object/upload/sign/")) {
    const { signedUrl, ...rest } = (await answer.json()) as SignedUrl;
    return Response.json({ ...rest, url: withoutPrefix(signedUrl) }, { headers: headersOf(answer) });
  }
  if (answer.ok && method === "POST" && path.startsWith("/object/sign/")) {
    const body = (await answer.json()) as SignedUrl | SignedUrl[];
    const mend = ({ signedUrl, ...rest }: SignedUrl) => ({ ...rest, signedURL: withoutPrefix(signedUrl) });
    return Response.json(Array.isArray(body) ? body.map(mend) : mend(body), { headers: headersOf(answer) });
  }
  if (answer.ok && method === "PUT" && path.startsWith("/object/upload/sign/")) {
    const bucket = path.split("/")[4];
    const { Key } = (await answer.json()) as { Key: string };
    return Response.json({ Key: `${bucket}/${Key}` }, { headers: headersOf(answer) });
  }
  if (request.outcome === "partial") {
    return new Response(answer.body, { status: 206, headers: answer.headers });
  }
  if (request.outcome === "unsatisfiable") {
    await answer.body?.cancel();
    return Response.json(
      { statusCode: "416", error: "InvalidRange", message: "The requested range is not satisfiable" },
      { status: 416, headers: { "content-range": `bytes */${request.size}` } },
    );
  }
  return answer;
}

function headersOf(answer: Response): Headers {
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  headers.delete("content-type");
  return headers;
}
