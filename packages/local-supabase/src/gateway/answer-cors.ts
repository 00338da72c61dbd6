// CORS as the hosted gateway answers it for REST, auth and storage: any origin, whatever headers the browser asks for.

const methods = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT";
const exposed = "Content-Range, Content-Location, Preference-Applied, X-Supabase-Api-Version, Sb-Error-Code";

/** Returns the answer to a preflight request, or null if it is none. */
export function answerPreflight(request: Request): Response | null {
  if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return null;
  return new Response(null, {
    status: 200,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": methods,
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "3600",
    },
  });
}

/** Returns the same answer with the headers that let a page of any origin read it. */
export function allowAnyOrigin(answer: Response): Response {
  const headers = new Headers(answer.headers);
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", exposed);
  return new Response(answer.body, { status: answer.status, headers });
}
