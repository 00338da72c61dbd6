// What a claimed message passes to Twilio besides its text: its validity, and the URL for receipts.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { postMessage, type ReadyPost } from "../../../supabase/functions/worker/post-message.ts";

let server: Server;
let url: string;
let seen: URLSearchParams[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push(new URLSearchParams(body));
      response.writeHead(201).end(JSON.stringify({ sid: `SM${"0a".repeat(16)}`, status: "queued" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  seen = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** @param waitedMs since it was claimed */
async function post(waitedMs: number, validitySeconds: number): Promise<URLSearchParams> {
  const send = {
    message_id: "m-1",
    attempt_id: "a-1",
    to_number: "+13055550100",
    from_number: "+12125550100",
    messaging_service_sid: null,
    validity_seconds: validitySeconds,
  };
  const account = {
    accountSid: `AC${"1b".repeat(16)}`,
    orgId: "",
    authToken: "",
    authorization: "Basic eA==",
  };
  const claimedWall = Date.now() - waitedMs;
  const ready = {
    slot: 0,
    from: "n",
    mps: 1,
    claimedWall,
    account,
    send,
    text: "Hola",
    segments: 1,
    mediaUrls: [],
  };
  const context = { sql: undefined as never, twilioUrl: url, publicUrl: "https://x.example/functions/v1" };
  const result = await postMessage(context, ready as unknown as ReadyPost);
  expect(result.outcome).toBe("accepted");
  return seen[0] as URLSearchParams;
}

test("its validity is counted from the claim: the wait for its slot is subtracted", async () => {
  const validity = Number((await post(10_000, 600)).get("ValidityPeriod"));
  expect(validity).toBeLessThanOrEqual(590);
  expect(validity).toBeGreaterThan(500);
});

test("its validity is one second at least, because Twilio refuses 0", async () => {
  expect((await post(10_000, 5)).get("ValidityPeriod")).toBe("1");
});

test("its callback names message and attempt, and the number of retries", async () => {
  expect((await post(0, 600)).get("StatusCallback")).toBe(
    "https://x.example/functions/v1/twilio/status?mid=m-1&a=a-1#rc=3&rp=5xx,ct,rt",
  );
});
