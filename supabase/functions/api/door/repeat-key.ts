// The dashboard sends most writes again if they fail or take long, and some twice at once, without a key. What creates something
// therefore gets a key made of the request itself.
import type { UserContext } from "../../_shared/http/context.ts";

/**
 * The context in which a request of the same person, to the same route, with the same body is known again.
 * @param body what was sent, once read
 */
export async function asRepeatable(ctx: UserContext, body: unknown): Promise<UserContext> {
  const { method, url } = ctx.request;
  const text = JSON.stringify([ctx.user.id, method, new URL(url).pathname.replace(/(?<!\/)\/+$/, ""), body]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const repeatKey = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...ctx, repeatKey };
}
