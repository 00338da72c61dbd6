// The streamed form reader: what browsers send, cut anywhere, and what is no form.
import { describe, expect, it } from "vitest";
import { AppError } from "../../../supabase/functions/_shared/http/app-error.ts";
import { readMultipartStream } from "../../../supabase/functions/leads/imports/read-multipart-stream.ts";

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
