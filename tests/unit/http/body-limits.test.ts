// How much of a body is read: up to the route's limit, for any Content-Length, and nothing for callers who are not signed in.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { muteLog } from "./mute-log.ts";
import { areaOf, echo } from "./test-area.ts";

muteLog();

const KIB = 1024;
const ask = areaOf([
  echo("POST", "/", { body: z.unknown() }),
  echo("POST", "/small", { body: z.unknown() }, { maxBodyBytes: 10 }),
  echo("POST", "/large", { body: z.unknown() }, { maxBodyBytes: 3 * 1024 * KIB }),
  echo("POST", "/signed-in", { body: z.unknown() }, { permission: "viewer" }),
]);

/** A body that arrives in pieces of 64 KiB and counts how many were read. */
function stream(pieces: number) {
  const taken = { pieces: 0, canceled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken.pieces === pieces) return controller.close();
        taken.pieces++;
        controller.enqueue(new Uint8Array(64 * KIB).fill(0x20));
      },
      cancel() {
        taken.canceled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { taken, body };
}

const send = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  ask(path, {
    method: "POST",
    body,
    duplex: "half",
    headers: { "content-type": "application/json", ...headers },
  });

describe("a body", () => {
  it("of exactly the limit is read, of one byte more is not", async () => {
    expect((await send("/small", '"12345678"')).status).toBe(200);
    const response = await send("/small", '"123456789"');
    expect(response.status).toBe(413);
    const { error } = await response.json();
    expect(error).toMatchObject({ code: "payload_too_large", details: { max_bytes: 10 } });
    expect(error.message).toBe("The body is larger than the 10 bytes allowed here. Send less at a time.");
  });

  it("is limited to 1 MiB if a route has no other limit", async () => {
    expect((await send("/", `"${"x".repeat(1024 * KIB - 2)}"`)).status).toBe(200);
    const response = await send("/", `"${"x".repeat(1024 * KIB - 1)}"`);
    expect([response.status, (await response.json()).detail]).toEqual([
      413,
      expect.stringContaining("1 MiB"),
    ]);
  });

  it.each([
    ["says nothing of its length", {}],
    ["lies about its length", { "content-length": "10" }],
    ["says that it is too large", { "content-length": "6553600" }],
  ])("that %s is taken to its end, so that the caller is there for the answer", async (_kind, headers) => {
    const { taken, body } = stream(100);
    expect((await send("/", body, headers)).status).toBe(413);
    expect(taken).toEqual({ pieces: 100, canceled: false });
  });

  it("that does not end is cut off", async () => {
    const { taken, body } = stream(Number.POSITIVE_INFINITY);
    expect((await send("/", body)).status).toBe(413);
    expect(taken.canceled).toBe(true);
    expect(taken.pieces).toBeLessThan(3000);
  });

  it("has the limit its route gives, above the default too", async () => {
    expect((await send("/large", `"${"x".repeat(3 * 1024 * KIB - 1)}"`)).status).toBe(413);
    expect((await send("/large", `"${"x".repeat(2 * 1024 * KIB)}"`)).status).toBe(200);
  });

  it("of a caller who is not signed in is not read", async () => {
    const response = await send("/signed-in", "not JSON");
    expect(response.status).toBe(401);
  });

  it("that breaks off is the caller's error", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    expect((await send("/", body)).status).toBe(400);
  });
});
