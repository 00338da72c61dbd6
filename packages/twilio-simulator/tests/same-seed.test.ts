// The same seed gives the same outcomes, whatever the order and the account.
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectSimulator } from "../src/connect-simulator.ts";
import type { BehaviourPatch } from "../src/state/behaviour.ts";
import { AUTH_TOKEN, createSdkClient, FROM } from "./sdk-client.ts";
import { startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

let t: TestSimulator;

beforeAll(async () => {
  t = await startTestSimulator();
});
afterAll(() => t.stop());

const CHAOS: BehaviourPatch = {
  delivery: {
    failures: [
      { code: 30003, share: 0.1 },
      { code: 30007, share: 0.1 },
      { code: 30001, share: 0.05 },
    ],
    unconfirmed: 0.1,
  },
  callbacks: { lost: 0.1, duplicated: 0.1, reordered: 0.2, beforeAnswer: 0.1 },
  answers: {
    resetAfterAccept: 0.05,
    resetBeforeAccept: 0.05,
    errorAfterAccept: 0.05,
    errorBeforeAccept: 0.05,
  },
  rejections: [{ code: 21614, share: 0.05 }],
  hidden: { share: 0.2, forMs: null },
};

/** The outcome of each person's messages, without what may differ between runs (ids, times, order). */
async function runChaos(accountSid: string, seed: number, people: number[]): Promise<string[]> {
  const account = await connectSimulator(t.simulator.url).register({
    accountSid,
    authToken: AUTH_TOKEN,
    seed,
    numbers: [{ phoneNumber: FROM, mps: null }],
  });
  await account.reset(seed);
  await account.replaceBehaviour({ timeFactor: 0, ...CHAOS });
  const client = createSdkClient(t.simulator.url, accountSid);
  await Promise.all(
    people.map((i) =>
      client.messages
        .create({ to: `+1305555${1000 + i}`, from: FROM, body: "x", statusCallback: t.statusUrl })
        .catch(() => null),
    ),
  );
  expect(await account.waitUntilIdle()).toBe(true);
  const record = await account.readRecord();
  const callbacksOf = (sid: string | null) =>
    record
      .filter((entry) => entry.kind === "callback" && entry.sid === sid)
      .map((entry) => (entry.kind === "callback" ? `${entry.status}${entry.lost ? "-lost" : ""}` : ""))
      .sort()
      .join();
  const lines = record.map((entry) =>
    entry.kind === "post"
      ? `${entry.to} ${entry.misbehaviour} ${entry.code} ${entry.status} ${entry.errorCode} ${entry.hidden} ${callbacksOf(entry.sid)}`
      : "",
  );
  return lines.filter((line) => line !== "").sort();
}

test("the same seed gives the same outcomes in any order; another seed gives others", async () => {
  const people = Array.from({ length: 150 }, (_, i) => i);
  const account = `AC${"d4".repeat(16)}`;
  const first = await runChaos(account, 7, people);
  const again = await runChaos(account, 7, people.toReversed());
  const elsewhere = await runChaos(`AC${"e5".repeat(16)}`, 7, people);
  expect(again).toEqual(first);
  expect(elsewhere).toEqual(first);
  expect(await runChaos(account, 8, people)).not.toEqual(first);
  for (const sign of ["resetAfterAccept", "errorBeforeAccept", "30003", "30001", "21614", "true", "-lost"])
    expect(first.join("\n")).toContain(sign);
});
