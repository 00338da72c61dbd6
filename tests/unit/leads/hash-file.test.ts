// The hash by which a file is recognised: made of pieces, so that it can be computed outside the function's own thread.
import { createHash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { FileHash } from "../../../supabase/functions/leads/imports/hash-file.ts";

const MEBIBYTE = 1_048_576;

async function hashOf(file: Uint8Array, chunkBytes: number): Promise<string> {
  const hash = new FileHash();
  for (let at = 0; at < file.length; at += chunkBytes) await hash.add(file.subarray(at, at + chunkBytes));
  return await hash.digest();
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

it("is the SHA-256 of the SHA-256 of each MiB, for any pieces of the file", async () => {
  const file = randomBytes(2 * MEBIBYTE + 77);
  const pieces = [0, 1, 2].map((n) => sha256(file.subarray(n * MEBIBYTE, (n + 1) * MEBIBYTE)));
  const expected = sha256(Buffer.concat(pieces)).toString("hex");
  for (const chunkBytes of [65_536, 99_991, MEBIBYTE, 3 * MEBIBYTE])
    expect(await hashOf(file, chunkBytes), `${chunkBytes} bytes a chunk`).toBe(expected);
});

it("differs for a file that differs in one byte, in its length, or in the order of its parts", async () => {
  const file = randomBytes(2 * MEBIBYTE);
  const other = Uint8Array.from(file);
  other[MEBIBYTE + 5] = (file[MEBIBYTE + 5] as number) ^ 1;
  const turned = Buffer.concat([file.subarray(MEBIBYTE), file.subarray(0, MEBIBYTE)]);
  const files = [file, other, turned, file.subarray(0, file.length - 1), file.subarray(0, 0)];
  const hashes = await Promise.all(files.map((one) => hashOf(one, 65_536)));
  expect(new Set(hashes).size).toBe(files.length);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
});
