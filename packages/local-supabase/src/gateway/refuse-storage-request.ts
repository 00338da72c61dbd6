// What Storage refuses as the caller's own fault, and lite answers with 500: a signed link whose token is none of ours, and a
// name that no file can have.
import { jwtVerify } from "jose";

const signedLink = /^\/object\/(?:upload\/)?sign\/[^/]+\/./;

/** Returns the answer to a request that no file can be meant by, else null. @param jwtSecret signs links */
export async function refuseStorageRequest(request: Request, jwtSecret: string): Promise<Response | null> {
  const { pathname, searchParams } = new URL(request.url);
  const path = pathname.slice("/storage/v1".length);
  if (!isReadable(path)) return refuse("InvalidKey", "Invalid key");
  const uses = request.method === "GET" || request.method === "HEAD" || request.method === "PUT";
  if (!uses || !signedLink.test(path)) return null;
  const key = new TextEncoder().encode(jwtSecret);
  const verified = await jwtVerify(searchParams.get("token") ?? "", key).catch((error: Error) => error);
  return verified instanceof Error ? refuse("InvalidJWT", verified.message) : null;
}

/** Postgres keeps no NUL, and what is no UTF-8 is no name. */
function isReadable(path: string): boolean {
  try {
    return !decodeURIComponent(path).includes("\0");
  } catch {
    return false;
  }
}

function refuse(error: string, message: string): Response {
  return Response.json({ statusCode: "400", error, message }, { status: 400 });
}
