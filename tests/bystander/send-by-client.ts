// A function called by supabase-js, as a dashboard does it.
import { createClient } from "@supabase/supabase-js";
import ws from "ws";
import type { TestStack } from "../fixtures/test-stack.ts";
import type { Answer } from "./send.ts";
import type { Call, Caller } from "./targets.ts";

export async function sendByClient(stack: TestStack, caller: Caller, { rpc }: Call): Promise<Answer> {
  const { name, args } = rpc as NonNullable<Call["rpc"]>;
  const begun = performance.now();
  let answer: Answer = { status: 0, text: "the client sent nothing", ms: 0 };
  const client = createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    realtime: { transport: ws as never },
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      headers: caller.headers,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        answer = {
          status: response.status,
          text: await response.clone().text(),
          ms: performance.now() - begun,
        };
        return response;
      },
    },
  });
  const { error } = await client.rpc(name, args);
  return answer.status === 0 && error
    ? { ...answer, text: error.message, ms: performance.now() - begun }
    : answer;
}
