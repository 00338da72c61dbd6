// Bodies that PostgREST or Postgres refuses before any function runs. Lite recurses over a body, so that one
// of 100,000 levels blocked this gateway's only event loop for over a minute.

type Checked = Request | Response;

// Postgres' own limit is max_stack_depth, some 6,000 levels of JSON; lite fails from 5,000 on.
const MOST_LEVELS = 1_000;

/** Returns the request with its body unread, or the answer to one whose body cannot be read. */
export async function refuseUnreadableBody(request: Request): Promise<Checked> {
  if (!request.body || !/json|^$/.test(request.headers.get("content-type") ?? "")) return request;
  const text = await request.text();
  if (countLevels(text) > MOST_LEVELS) {
    const hint = 'Increase the configuration parameter "max_stack_depth".';
    return refuse(500, { code: "54001", message: "stack depth limit exceeded", details: null, hint });
  }
  // Lite would take a list as arguments by position, which PostgREST does not support.
  if (isCall(request) && /^\s*[^\s{]/.test(text)) {
    const message = "The arguments of a function must be a JSON object";
    return refuse(400, { code: "PGRST102", message, details: null, hint: null });
  }
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  const { method, signal } = request;
  return new Request(request.url, { method, headers, signal, body: text });
}

const isCall = ({ url }: Request) => new URL(url).pathname.startsWith("/rest/v1/rpc/");

function refuse(status: number, body: object): Response {
  return Response.json(body, { status });
}

/** How deep lists and objects of a JSON text are nested; brackets in strings don't count. */
export function countLevels(json: string): number {
  let level = 0;
  let deepest = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (inText) {
      if (code === 92) i++;
      else if (code === 34) inText = false;
    } else if (code === 34) inText = true;
    else if (code === 91 || code === 123) deepest = Math.max(deepest, ++level);
    else if (code === 93 || code === 125) level--;
  }
  return deepest;
}
