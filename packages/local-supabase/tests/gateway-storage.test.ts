// Storage through the gateway with supabase-js: uploads of every kind, byte ranges, signed URLs, policies, bad keys.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../src/testing/wait-for.ts";
import { type GatewayServer, keys, startGatewayServer } from "./start-gateway-server.ts";

let server: GatewayServer;
const mebibyte = 1024 * 1024;

beforeAll(async () => {
  server = await startGatewayServer({ maxObjectBytes: 80 * mebibyte });
});
afterAll(() => server?.stop());

async function owner() {
  const person = await server.person();
  return { ...person, files: person.client.storage.from("papers") };
}

const textOf = async (answer: { data: Blob | null; error: unknown }) => {
  if (!answer.data) throw answer.error;
  return answer.data.text();
};

describe("uploads", () => {
  it("keeps what supabase-js sends as Blob, File, buffer, text and stream", async () => {
    const { files, id } = await owner();
    const text = "first name,phone\nÁnia,+15125550123\n".repeat(3000);
    const bodies = {
      blob: new Blob([text], { type: "text/csv" }),
      file: new File([text], "people.csv", { type: "text/csv" }),
      buffer: Buffer.from(text),
      text,
      stream: new Blob([text]).stream(),
    };
    for (const [kind, body] of Object.entries(bodies)) {
      const path = `${id}/a folder/${kind} ñ.csv`;
      const { data, error } = await files.upload(path, body, { contentType: "text/csv" });
      expect([error, data?.path, data?.fullPath], kind).toEqual([null, path, `papers/${path}`]);
      expect(await textOf(await files.download(path)), kind).toBe(text);
      const info = await files.info(path);
      expect(info.data?.metadata, kind).toMatchObject({
        size: Buffer.byteLength(text),
        mimetype: "text/csv",
      });
    }
  });

  it("keeps a boundary-like and binary content byte for byte", async () => {
    const { files, id } = await owner();
    const parts = ["\r\n--", "----WebKitFormBoundary", "\r\n\r\n", "\0\xff\r", "\n--"];
    const bytes = Buffer.concat(
      Array.from({ length: 40_000 }, (_, n) => Buffer.from(parts[n % 5] ?? "", "latin1")),
    );
    await files.upload(`${id}/odd.bin`, new Blob([bytes]));
    const { data } = await files.download(`${id}/odd.bin`);
    expect(Buffer.from((await data?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(bytes)).toBe(true);
  });

  it("keeps an empty file", async () => {
    const { files, id } = await owner();
    expect((await files.upload(`${id}/empty.csv`, new Blob([]))).error).toBeNull();
    expect(await textOf(await files.download(`${id}/empty.csv`))).toBe("");
  });

  it("writes an upload to disk while it is still arriving", async () => {
    const { id, token } = await owner();
    const chunk = Buffer.alloc(mebibyte, "0123456789abcdef");
    const onDisk = async () => {
      const folder = join(server.storageDir, "objects");
      const parts = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".part"));
      const sizes = await Promise.all(
        parts.map((file) => stat(join(folder, file)).then((info) => info.size)),
      );
      return Math.max(0, ...sizes);
    };
    async function* upload(isForm: boolean) {
      if (isForm)
        yield Buffer.from('--b\r\ncontent-disposition: form-data; name=""; filename="blob"\r\n\r\n');
      for (let sent = 0; sent < 32; sent++) yield chunk;
      await waitFor(async () => (await onDisk()) > 24 * mebibyte);
      yield chunk;
      if (isForm) yield Buffer.from("\r\n--b--\r\n");
    }
    for (const isForm of [false, true]) {
      const path = `/storage/v1/object/papers/${id}/large-${isForm}.csv`;
      const headers = { apikey: keys.publishable, authorization: `Bearer ${token}` };
      const answer = await fetch(server.url + path, {
        method: "POST",
        headers: { ...headers, "content-type": isForm ? "multipart/form-data; boundary=b" : "text/csv" },
        body: Readable.toWeb(Readable.from(upload(isForm))),
        duplex: "half",
      } as RequestInit);
      expect(answer.status).toBe(200);
      const head = await fetch(server.url + path, { headers: { ...headers, range: "bytes=0-0" } });
      expect(head.headers.get("content-range")).toBe(`bytes 0-0/${33 * mebibyte}`);
    }
  });

  it("refuses what is larger than the bucket or the platform allows, and leaves nothing behind", async () => {
    const { client, id } = await owner();
    const small = client.storage.from("small");
    for (const body of [new Blob(["x".repeat(1001)]), Buffer.alloc(1001)]) {
      const refused = await small.upload(`${id}/big.csv`, body);
      expect(refused.error).toMatchObject({ statusCode: "413" });
    }
    expect((await small.upload(`${id}/fits.csv`, new Blob(["x".repeat(1000)]))).error).toBeNull();
    const tooLarge = await client.storage.from("papers").upload(`${id}/huge`, Buffer.alloc(81 * mebibyte));
    expect(tooLarge.error).toMatchObject({ statusCode: "413" });
    const left = await readdir(join(server.storageDir, "objects"), { recursive: true });
    expect(left.filter((file) => file.endsWith(".part"))).toEqual([]);
    expect((await small.list(id)).data).toHaveLength(1);
  });

  it("does not overwrite unless told to", async () => {
    const { files, id } = await owner();
    await files.upload(`${id}/a.csv`, new Blob(["one"]));
    expect((await files.upload(`${id}/a.csv`, new Blob(["two"]))).error).toMatchObject({ statusCode: "409" });
    expect(await textOf(await files.download(`${id}/a.csv`))).toBe("one");
    expect((await files.upload(`${id}/a.csv`, new Blob(["three"]), { upsert: true })).error).toBeNull();
    expect(await textOf(await files.download(`${id}/a.csv`))).toBe("three");
  });

  it("answers a form without a file with a clear 400", async () => {
    const { id, token } = await owner();
    const form = new FormData();
    form.append("cacheControl", "3600");
    const answer = await fetch(`${server.url}/storage/v1/object/papers/${id}/none.csv`, {
      method: "POST",
      headers: { apikey: keys.publishable, authorization: `Bearer ${token}` },
      body: form,
    });
    expect([answer.status, (await answer.json()).message]).toEqual([400, expect.stringContaining("no file")]);
  });
});

describe("reading", () => {
  it("answers byte ranges with exactly those bytes", async () => {
    const { files, id, token } = await owner();
    await files.upload(`${id}/digits.csv`, Buffer.from("0123456789"), { contentType: "text/csv" });
    const get = (range: string) =>
      fetch(`${server.url}/storage/v1/object/authenticated/papers/${id}/digits.csv`, {
        headers: { apikey: keys.publishable, authorization: `Bearer ${token}`, range },
      });
    const cases = {
      "bytes=0-3": "0123",
      "bytes=4-": "456789",
      "bytes=-2": "89",
      "bytes=9-99": "9",
      "bytes=0-0": "0",
    };
    for (const [range, expected] of Object.entries(cases)) {
      const answer = await get(range);
      expect([answer.status, await answer.text()], range).toEqual([206, expected]);
      expect(answer.headers.get("content-length")).toBe(String(expected.length));
      expect(answer.headers.get("content-range")).toMatch(/^bytes \d-\d\/10$/);
    }
    for (const range of ["bytes=10-", "bytes=99-100", "bytes=-0"]) {
      const answer = await get(range);
      expect([answer.status, answer.headers.get("content-range")], range).toEqual([416, "bytes */10"]);
    }
    for (const range of ["lines=1-2", "bytes=1-2,4-5", "bytes=x"]) {
      expect([(await get(range)).status, await (await get(range)).text()], range).toEqual([
        200,
        "0123456789",
      ]);
    }
  });

  it("signs URLs that work without a key until they expire", async () => {
    const { files, id } = await owner();
    await files.upload(`${id}/signed file.csv`, new Blob(["signed"]));
    const { data } = await files.createSignedUrl(`${id}/signed file.csv`, 60);
    expect(await (await fetch(data?.signedUrl ?? "")).text()).toBe("signed");
    expect((await fetch(`${data?.signedUrl}x`)).status).toBeGreaterThanOrEqual(400);
    const other = data?.signedUrl.replace("signed%20file", "other");
    expect((await fetch(other ?? "")).status).toBeGreaterThanOrEqual(400);
    const many = await files.createSignedUrls([`${id}/signed file.csv`, `${id}/none.csv`], 60);
    expect(many.data?.map((one) => [one.error === null, Boolean(one.signedUrl)])).toEqual([
      [true, true],
      [false, false],
    ]);
    const past = await files.createSignedUrl(`${id}/signed file.csv`, -1);
    expect((await fetch(past.data?.signedUrl ?? "")).status).toBeGreaterThanOrEqual(400);
  });

  it("takes an upload by a signed URL from someone who is not signed in", async () => {
    const { files, id } = await owner();
    const { data } = await files.createSignedUploadUrl(`${id}/by link.csv`);
    const anon = server.client().storage.from("papers");
    const up = await anon.uploadToSignedUrl(`${id}/by link.csv`, data?.token ?? "", new Blob(["by link"]));
    expect([up.error, up.data?.fullPath]).toEqual([null, `papers/${id}/by link.csv`]);
    expect(await textOf(await files.download(`${id}/by link.csv`))).toBe("by link");
    const elsewhere = await anon.uploadToSignedUrl(`${id}/other.csv`, data?.token ?? "", new Blob(["x"]));
    expect(elsewhere.error).not.toBeNull();
  });

  it("removes files and forgets their bytes", async () => {
    const { files, id } = await owner();
    await files.upload(`${id}/gone.csv`, new Blob(["gone"]));
    const before = await readdir(join(server.storageDir, "objects"), { recursive: true });
    expect((await files.remove([`${id}/gone.csv`])).data).toHaveLength(1);
    expect((await files.download(`${id}/gone.csv`)).error).not.toBeNull();
    const after = await readdir(join(server.storageDir, "objects"), { recursive: true });
    expect(before.length - after.length).toBeGreaterThanOrEqual(2);
  });
});

describe("separation", () => {
  it("keeps people out of each other's folders, in every way", async () => {
    const ana = await owner();
    const ben = await owner();
    const path = `${ana.id}/private.csv`;
    await ana.files.upload(path, new Blob(["private"]));
    expect((await ben.files.download(path)).data).toBeNull();
    expect((await ben.files.createSignedUrl(path, 60)).data).toBeNull();
    expect((await ben.files.info(path)).data).toBeNull();
    expect((await ben.files.list(ana.id)).data).toEqual([]);
    expect((await ben.files.upload(`${ana.id}/mine.csv`, new Blob(["x"]))).error).toMatchObject({
      statusCode: "403",
    });
    expect((await ben.files.upload(path, new Blob(["x"]), { upsert: true })).error).not.toBeNull();
    expect((await ben.files.remove([path])).data ?? []).toEqual([]);
    expect((await ben.files.move(path, `${ben.id}/private.csv`)).error).not.toBeNull();
    const anon = server.client().storage.from("papers");
    expect((await anon.download(path)).data).toBeNull();
    expect((await anon.upload(`${ana.id}/mine.csv`, new Blob(["x"]))).error).not.toBeNull();
    expect(await textOf(await ana.files.download(path))).toBe("private");
  });

  it("lets no key leave the folder", async () => {
    const { client, id, token } = await owner();
    const keysTried = [`${id}/../../../../escaped`, `${id}/%2e%2e/%2e%2e/escaped`, `${id}/..%2f..%2fescaped`];
    for (const key of keysTried) {
      await client.storage.from("papers").upload(key, new Blob(["x"]));
      await fetch(`${server.url}/storage/v1/object/papers/${key}`, {
        method: "POST",
        headers: { apikey: keys.publishable, authorization: `Bearer ${token}`, "content-type": "text/csv" },
        body: "x",
      });
    }
    const objects = await readdir(join(server.storageDir, "objects"), { recursive: true });
    expect(objects.filter((file) => !/^[0-9a-f]{2}(\/[0-9a-f]{64}(\.json)?)?$/.test(file))).toEqual([]);
    expect((await readdir(join(server.storageDir, ".."))).join()).not.toContain("escaped");
  });

  it("keeps a file and a folder of the same name apart", async () => {
    const { files, id } = await owner();
    await files.upload(`${id}/a`, new Blob(["file"]));
    await files.upload(`${id}/a/b`, new Blob(["inside"]));
    expect(await textOf(await files.download(`${id}/a`))).toBe("file");
    expect(await textOf(await files.download(`${id}/a/b`))).toBe("inside");
  });
});
