// Requests that Storage refuses as the caller's fault, and lite answers with 500: a signed link whose token is not ours, and a
// name that no file can have, in the URL or in the body.
import { jwtVerify } from "jose";

const signedLink = /^\/object\/(?:upload\/)?sign\/[^/]+\//;
/** Paths whose body is a JSON request, not a file's content. */
const question = /^\/(?:bucket(?:\/|$)|object\/(?:list|sign)\/|object\/(?:move|copy)$)/;

/** Returns the answer to a request that cannot refer to any file, else null. @param jwtSecret signs links */
export async function refuseStorageRequest(request: Request, jwtSecret: string): Promise<Response | null> {
  const { pathname, searchParams } = new URL(request.url);
  const path = pathname.slice("/storage/v1".length);
  if (!isReadable(path)) return refuse("InvalidKey", "Invalid key");
  const asks = request.method === "DELETE" || question.test(path);
  if (asks && request.body && hasNul(await request.clone().text()))
    return refuse("InvalidKey", "Invalid key");
  const uses = request.method === "GET" || request.method === "HEAD" || request.method === "PUT";
  if (!uses || !signedLink.test(path)) return null;
  if (path.endsWith("/")) return refuse("InvalidKey", "Invalid key");
  const key = new TextEncoder().encode(jwtSecret);
  const verified = await jwtVerify(searchParams.get("token") ?? "", key).catch((error: Error) => error);
  return verified instanceof Error ? refuse("InvalidJWT", verified.message) : null;
}

/** Postgres stores no NUL, and a name must be UTF-8. */
function isReadable(path: string): boolean {
  try {
    return !decodeURIComponent(path).includes("\0");
  } catch {
    return false;
  }
}

/** Whether a text of this JSON holds NUL: JSON escapes it, and an even number of backslashes before the u escapes themselves. */
const hasNul = (json: string): boolean => /(?<!\\)(?:\\\\)*\\u0000/.test(json);

function refuse(error: string, message: string): Response {
  return Response.json({ statusCode: "400", error, message }, { status: 400 });
}
