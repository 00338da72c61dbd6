// Which Twilio accounts an isolate knows: a burst that meets a new isolate is not refused, and one of strangers is.
import { beforeEach, expect, it } from "vitest";
import type { Direct } from "../../../supabase/functions/_shared/db/direct.ts";
import { KnownAccounts } from "../../../supabase/functions/twilio/known-accounts.ts";

const OURS = `AC${"a".repeat(32)}`;
const STRANGE = `AC${"b".repeat(32)}`;
let looks: { end(): void; fail(error: Error): void }[];
/** A database whose answers come when the test says so. */
const sql = (() =>
  new Promise((resolve, reject) => {
    looks.push({ end: () => resolve([{ account_sid: OURS, read_at: new Date() }]), fail: reject });
  })) as unknown as Direct;
beforeEach(() => {
  looks = [];
});
const settle = () => new Promise((resolve) => setImmediate(resolve));
const outcome = (asked: Promise<boolean>) => asked.catch((error: { code: string }) => error.code);

it("a burst at a new isolate costs one query, and each of it is answered", async () => {
  const accounts = new KnownAccounts();
  const asked = Array.from({ length: 500 }, () => outcome(accounts.has(sql, OURS)));
  await settle();
  expect(looks).toHaveLength(1);
  looks[0]?.end();
  expect(new Set(await Promise.all(asked))).toEqual(new Set([true]));
});

it("later, at most a hundred of unknown accounts wait, and known ones are answered meanwhile", async () => {
  const accounts = new KnownAccounts();
  const first = accounts.has(sql, OURS);
  await settle();
  looks[0]?.end();
  await first;
  const strangers = Array.from({ length: 130 }, () => outcome(accounts.has(sql, STRANGE)));
  await settle();
  expect(await outcome(accounts.has(sql, OURS))).toBe(true);
  looks[1]?.end();
  const answers = await Promise.all(strangers);
  expect(answers.filter((answer) => answer === "try_again")).toHaveLength(30);
  expect(answers.filter((answer) => answer === false)).toHaveLength(100);
});

it("a first look that fails is made again by the next who asks", async () => {
  const accounts = new KnownAccounts();
  const failed = accounts.has(sql, OURS);
  await settle();
  looks[0]?.fail(new Error("not a passing error"));
  await expect(failed).rejects.toThrow(/not a passing/);
  const again = accounts.has(sql, OURS);
  await settle();
  expect(looks).toHaveLength(2);
  looks[1]?.end();
  expect(await again).toBe(true);
});
