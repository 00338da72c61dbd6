// Signs several paths of a bucket in one request, which lite's router never reaches: its route for one path takes it.

type Ask = { expiresIn?: unknown; paths?: unknown };

/**
 * Takes a `POST /object/sign/<bucket>` with `{ expiresIn, paths }` and how to ask lite. Returns `[{ path, signedURL,
 * error }]` in the order asked, with an error instead of a URL if the file is missing or not the caller's.
 */
export async function signManyUrls(
  request: Request,
  askLite: (request: Request) => Promise<Response>,
): Promise<Response> {
  const ask = (await request.json().catch(() => ({}))) as Ask;
  if (typeof ask.expiresIn !== "number" || !Array.isArray(ask.paths)) {
    const message = "body must have expiresIn (seconds) and paths (a list)";
    return Response.json({ statusCode: "400", error: "InvalidRequest", message }, { status: 400 });
  }
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  const signed = [];
  for (const path of ask.paths.map(String)) {
    const answer = await askLite(
      new Request(`${request.url}/${encodeURI(path)}`, {
        method: "POST",
        headers,
        body: JSON.stringify({ expiresIn: ask.expiresIn }),
      }),
    );
    const body = (await answer.json()) as { signedURL?: string; message?: string };
    if (answer.status === 401) return Response.json(body, { status: 401 });
    signed.push({
      path,
      signedURL: body.signedURL ?? null,
      error: answer.ok ? null : (body.message ?? "refused"),
    });
  }
  return Response.json(signed);
}
