// How each measured program begins: it reads its order, reports that it is ready, and waits for the start line.
import process from "node:process";
import { createInterface } from "node:readline";
import { type PeerOrder, READY } from "./protocol.ts";

export const order = JSON.parse(process.argv[2] ?? "{}") as PeerOrder;

/** Ends with its parent. */
export async function waitForWord(): Promise<void> {
  const input = createInterface({ input: process.stdin });
  input.once("close", () => process.exit(0));
  console.log(READY);
  await new Promise((resolve) => input.once("line", resolve));
}
