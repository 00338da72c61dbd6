// Answers a storage request with lite; the request and the answer are corrected on the way.
import { mendStorageAnswer } from "./mend-storage-answer.ts";
import { refuseStorageRequest } from "./refuse-storage-request.ts";
import { signManyUrls } from "./sign-many-urls.ts";
import { StorageRequest, withStorageRequest } from "./storage-request.ts";
import { unpackMultipartUpload } from "./unpack-multipart-upload.ts";

type Lite = { fetch(request: Request): Promise<Response> };

// Hosted accepts the path with /authenticated; lite knows only the short form and would take the word for a bucket's name.
const spelledOut = /^(\/object(?:\/info)?)\/authenticated\//;

/** @param jwtSecret signs links */
export async function answerStorage(lite: Lite, request: Request, jwtSecret: string): Promise<Response> {
  const refusal = await refuseStorageRequest(request, jwtSecret);
  if (refusal) return refusal;
  const url = new URL(request.url);
  const path = url.pathname.slice("/storage/v1".length);
  const { method } = request;
  if (method === "POST" && /^\/object\/sign\/[^/]+$/.test(path)) {
    return signManyUrls(request, (one) => answerStorage(lite, one, jwtSecret));
  }
  if (spelledOut.test(path)) {
    url.pathname = `/storage/v1${path.replace(spelledOut, "$1/")}`;
    return answerStorage(
      lite,
      new Request(url, { method, headers: request.headers, signal: request.signal }),
      jwtSecret,
    );
  }
  const writes = (method === "POST" || method === "PUT") && path.startsWith("/object/");
  const upload = writes ? await unpackMultipartUpload(request) : request;
  if (!upload) {
    const message = "The multipart body holds no file. Send it as the last part of the form.";
    return Response.json({ statusCode: "400", error: "InvalidRequest", message }, { status: 400 });
  }
  const storageRequest = new StorageRequest(method === "GET" ? request.headers.get("range") : null);
  const answer = await withStorageRequest(storageRequest, async () =>
    mendStorageAnswer(method, path, storageRequest, await lite.fetch(upload)),
  );
  return nameDownload(answer, url.searchParams.get("download"), path);
}

/** Hosted serves a file as a download if the URL asks for it, under the name that the URL gives. */
function nameDownload(answer: Response, name: string | null, path: string): Response {
  if (name === null || !answer.ok) return answer;
  const headers = new Headers(answer.headers);
  const shown = encodeURIComponent(name || (path.split("/").at(-1) ?? ""));
  headers.set("content-disposition", `attachment; filename="${shown}"; filename*=UTF-8''${shown}`);
  return new Response(answer.body, { status: answer.status, headers });
}
