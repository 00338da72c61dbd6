// The streamed form reader: forms of browsers, cut anywhere, and invalid forms.
import { describe, expect, it } from "vitest";
import { AppError } from "../../../supabase/functions/_shared/http/app-error.ts";
import { findBytes } from "../../../supabase/functions/leads/imports/find-bytes.ts";
import { readMultipartStream } from "../../../supabase/functions/leads/imports/read-multipart-stream.ts";
import { growthOverSixteen, LINEAR_OVER_SIXTEEN, leastCpu } from "../../fixtures/measure-growth.ts";
import { makeRandom, seed } from "../sms/make-random.ts";

async function* cut(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function readAll(bytes: Uint8Array, boundary: string, size = 1000) {
  const parts: { name: string; fileName: string | undefined; text: string }[] = [];
  for await (const { name, fileName, chunks } of readMultipartStream(cut(bytes, size), boundary)) {
    const pieces: Uint8Array[] = [];
    for await (const chunk of chunks) pieces.push(chunk);
    parts.push({ name, fileName, text: Buffer.concat(pieces).toString("utf8") });
  }
  return parts;
}

const encode = (text: string) => new TextEncoder().encode(text);

describe("a form as a browser sends it", () => {
  it.each([1, 2, 3, 7, 50, 64, 1000, 100_000])("is read the same in pieces of %d bytes", async (size) => {
    const form = new FormData();
    const csv = `Name,Phone\r\n--not a boundary\r\n\r\n${"Muñoz,512-555-0100\r\n".repeat(50)}\r\n-`;
    form.append("mapping", '{"Phone":"primary_phone"}');
    form.append("empty", "");
    form.append("file", new Blob([csv]), 'dueños "2025".csv');
    form.append("tags", "[]");
    const response = new Response(form);
    const boundary = /boundary=(.*)$/.exec(response.headers.get("content-type") ?? "")?.[1] as string;
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(await readAll(bytes, boundary, size)).toEqual([
      { name: "mapping", fileName: undefined, text: '{"Phone":"primary_phone"}' },
      { name: "empty", fileName: undefined, text: "" },
      { name: "file", fileName: 'dueños "2025".csv', text: csv },
      { name: "tags", fileName: undefined, text: "[]" },
    ]);
  });

  it("may have words before its first part and after its last", async () => {
    const body = 'hello\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\ngoodbye';
    expect(await readAll(encode(body), "b", 5)).toEqual([{ name: "a", fileName: undefined, text: "1" }]);
  });

  it("can be left in the middle of a part", async () => {
    const body = `--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n${"x".repeat(5000)}\r\n--b\r\ncontent-disposition: form-data; name=c\r\n\r\n2\r\n--b--`;
    const names: string[] = [];
    for await (const part of readMultipartStream(cut(encode(body), 100), "b")) names.push(part.name);
    expect(names).toEqual(["a", "c"]);
  });
});

describe("what is no form", () => {
  it.each([
    ["nothing", ""],
    ["another boundary", '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--'],
    ["a part that breaks off", '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1'],
    ["a part without a name", "--b\r\ncontent-disposition: form-data\r\n\r\n1\r\n--b--"],
    ["a part without headers", "--b\r\n\r\n1\r\n--b--"],
    ["headers without end", `--b\r\n${"x: y\r\n".repeat(5000)}`],
    ["no line break after the boundary", '--bcontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--'],
  ])("is refused: %s", async (_, body) => {
    await expect(readAll(encode(body), "b")).rejects.toThrow(AppError);
  });
});

describe("a boundary", () => {
  const form = (boundary: string) =>
    encode(
      `--${boundary}\r\ncontent-disposition: form-data; name="a"\r\n\r\n${"x".repeat(600)}\r\n--${boundary}--`,
    );

  it.each([1, 69, 70])("of %d characters is read", async (length) => {
    const boundary = "b".repeat(length);
    expect(await readAll(form(boundary), boundary, 7)).toHaveLength(1);
  });

  // 253 and more: a search kept its step in a byte, where 256 is 0, so it never moved on.
  it.each([
    ["71 characters", "b".repeat(71)],
    ...[251, 252, 253, 254, 255, 256, 257, 509, 5000].map((length) => [
      `${length} characters`,
      "b".repeat(length),
    ]),
    ["none", ""],
    ["a space at its end", "b "],
    ["a quotation mark", 'b"b'],
    ["a line break", "b\r\nb"],
    ["an accent", "bé"],
  ])("of %s is refused at once", async (_, boundary) => {
    const refusal = readAll(form(boundary as string), boundary as string);
    await expect(refusal).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/boundary/) });
  });

  it("is found at any length", () => {
    const random = makeRandom();
    for (let i = 0; i < 3000; i++) {
      const signs = random.pick(["ab", "\r\n-", "abc\r\n-"]);
      const text = (length: number) => Array.from({ length }, () => random.pick([...signs])).join("");
      const needle = text(random.pick([1, 2, 5, 74, 255, 256, 257, 300]));
      const haystack =
        text(random.int(0, 40)) + (random.next() < 0.5 ? needle : "") + text(random.int(0, 400));
      const found = findBytes(encode(needle))(encode(haystack));
      expect(found, `SEED=${seed}, ${i}`).toBe(haystack.indexOf(needle));
    }
  });

  it.each([
    ["its own signs", "a".repeat(70), "a"],
    ["line ends", "a".repeat(70), "\r"],
    ["beginnings of it", "a".repeat(70), `\r\n--${"a".repeat(69)}b`],
  ])("makes no body of %s slow", (_, boundary, piece) => {
    const find = findBytes(encode(`\r\n--${boundary}`));
    const make = (size: number) => {
      const body = encode(piece.repeat(Math.ceil(size / piece.length)));
      return () => find(body);
    };
    expect(growthOverSixteen(make, 16_000_000)).toBeLessThan(LINEAR_OVER_SIXTEEN);
    // It must not be slower than reading each byte several times.
    const bytes = encode("x".repeat(16_000_000));
    const bare = leastCpu(() => {
      let sum = 0;
      for (let i = 0; i < bytes.length; i++) sum += bytes[i] as number;
      return sum;
    });
    expect(leastCpu(make(16_000_000))).toBeLessThan(Math.max(bare, 5) * 10);
  });
});

describe("a form", () => {
  it("of more than 100 parts is refused", async () => {
    const part = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n';
    expect(await readAll(encode(`${part.repeat(100)}--b--`), "b")).toHaveLength(100);
    await expect(readAll(encode(`${part.repeat(101)}--b--`), "b")).rejects.toThrow(/more than 100 parts/);
  });

  it("whose quoted names hold parameters is not misled", async () => {
    const body =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a; name=b.csv"\r\n\r\n1\r\n--b--';
    const [part] = await readAll(encode(body), "b");
    expect(part).toEqual({ name: "file", fileName: "a; name=b.csv", text: "1" });
    const swapped =
      '--b\r\nContent-Disposition: form-data; filename="x; name=evil"; name=file\r\n\r\n1\r\n--b--';
    expect((await readAll(encode(swapped), "b"))[0]).toMatchObject({ name: "file" });
  });
});
