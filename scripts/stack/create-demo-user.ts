// Signs up the demo user through the Auth API, as a person would; the sign-up trigger makes the demo organisation.
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import ws from "ws";

export const DEMO_EMAIL = "demo@example.com";
const DEMO_ORGANISATION = "Demo Land Co";

/**
 * Creates the user if it does not exist yet. Throws with the Auth API's message if the sign-up is refused or the
 * saved password is wrong.
 */
export async function createDemoUser(
  apiUrl: string,
  publishableKey: string,
  password: string,
): Promise<void> {
  const client = createClient(apiUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Node 20 has no WebSocket of its own.
    realtime: { transport: ws as never },
  });
  for (let attempt = 1; ; attempt++) {
    const signedIn = await client.auth.signInWithPassword({ email: DEMO_EMAIL, password });
    if (!signedIn.error) return;
    const signedUp = await client.auth.signUp({
      email: DEMO_EMAIL,
      password,
      options: { data: { org_name: DEMO_ORGANISATION, full_name: "Demo Admin" } },
    });
    if (!signedUp.error) return;
    if (attempt === 3)
      throw new Error(`The demo user ${DEMO_EMAIL} could not sign up: ${signedUp.error.message}`);
    await wait(300);
  }
}
