// The streamed form reader compared with a public one (busboy), on random forms: cut anywhere, with parts that look like ends,
// and damaged. A longer run: SEEDS=2000 npx vitest run --project unit tests/unit/leads/multipart-fuzz.test.ts; one run again: SEED=…
import { createHash } from "node:crypto";
import { Busboy as busboy } from "@fastify/busboy";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../supabase/functions/_shared/http/app-error.ts";
import { readMultipartStream } from "../../../supabase/functions/leads/imports/read-multipart-stream.ts";
import { makeRandom, seed } from "../sms/make-random.ts";

const SEEDS = Number(process.env.SEEDS ?? 12);
const CASES = 25;
const TIMEOUT_MS = 30_000 + 500 * SEEDS;
const BOUNDARY_SIGNS = "abcXYZ0123456789'()+_,-./:=?";

interface Field {
  name: string;
  fileName: string | undefined;
  text: string;
}
type Random = ReturnType<typeof makeRandom>;

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

function makeBoundary(random: Random): string {
  if (random.next() < 0.2) return "a".repeat(random.int(1, 70));
  const length = random.pick([1, 2, 3, 10, 40, 69, 70]);
  return Array.from({ length }, () => random.pick([...BOUNDARY_SIGNS])).join("");
}

/** Bytes that look like the delimiter or like an end. */
function makeContent(random: Random, boundary: string): string {
  const delimiter = `\r\n--${boundary}`;
  const pieces = Array.from({ length: random.int(0, 30) }, () => {
    const kind = random.int(0, 9);
    if (kind < 3) return delimiter.slice(0, random.int(1, delimiter.length - 1));
    if (kind === 3) return delimiter.slice(random.int(1, 4));
    if (kind === 4) return random.pick(["\r", "\n", "\r\n", "\n\r", "\r\r\n", "--", "-"]);
    if (kind === 5) return boundary.slice(0, random.int(1, boundary.length)).repeat(random.int(1, 5));
    if (kind === 6) return "\r\n--".repeat(random.int(1, 5));
    if (kind === 7) return String.fromCharCode(random.int(0, 255)).repeat(random.int(1, 300));
    return Array.from({ length: random.int(0, 40) }, () => String.fromCharCode(random.int(0, 255))).join("");
  });
  // Content with the whole delimiter can't be in a form with this boundary.
  const content = pieces.join("").replaceAll(delimiter, "x");
  return content.startsWith(delimiter.slice(2)) ? `x${content}` : content;
}

function makeForm(random: Random, boundary: string): { body: string; fields: Field[] } {
  const fields = Array.from({ length: random.int(0, 8) }, (): Field => {
    const isFile = random.next() < 0.4;
    const name = random.pick(["a", "mapping", "file", "x y", "né", "semi;colon", "a=b", "", "name"]);
    const fileName = random.pick([
      "a.csv",
      'quo"te.csv',
      "; name=evil.csv",
      "back\\slash",
      "spaces in it.csv",
    ]);
    return { name, fileName: isFile ? fileName : undefined, text: makeContent(random, boundary) };
  });
  const quote = (text: string) =>
    `"${Buffer.from(text, "utf8").toString("latin1").replace(/[\\"]/g, "\\$&")}"`;
  const parts = fields.map(({ name, fileName, text }) => {
    const header = random.pick(["Content-Disposition", "content-disposition"]);
    const more = random.next() < 0.3 ? "Content-Type: text/csv\r\nX-Other: 1; 2=3\r\n" : "";
    const file = fileName === undefined ? "" : `; filename=${quote(fileName)}`;
    return `--${boundary}\r\n${header}: form-data; name=${quote(name)}${file}\r\n${more}\r\n${text}\r\n`;
  });
  const before = random.next() < 0.2 && parts.length > 0 ? "preamble\r\n" : "";
  const after = random.pick(["", "\r\n", "\r\nepilogue --"]);
  return { body: `${before}${parts.join("")}--${boundary}--${after}`, fields };
}

/** Reads with our reader, counting how often it asked for more. */
async function readOurs(body: Uint8Array, boundary: string, sizes: () => number) {
  let pulls = 0;
  let at = 0;
  const source: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      while (at < body.length) {
        pulls++;
        const size = sizes();
        yield body.slice(at, at + size);
        at += size;
      }
    },
  };
  const fields: Field[] = [];
  for await (const { name, fileName, chunks } of readMultipartStream(source, boundary)) {
    const pieces: Uint8Array[] = [];
    for await (const chunk of chunks) pieces.push(chunk);
    fields.push({ name, fileName, text: latin(Buffer.concat(pieces)) });
  }
  return { fields, pulls };
}

function readTheirs(body: Uint8Array, boundary: string): Promise<Field[]> {
  return new Promise((resolve, reject) => {
    const fields: Field[] = [];
    const parser = busboy({
      headers: { "content-type": `multipart/form-data; boundary="${boundary}"` },
      defCharset: "latin1",
      preservePath: true,
      isPartAFile: (_: unknown, __: unknown, name?: string) => name !== undefined,
    });
    parser.on("field", (name, text) => fields.push({ name, fileName: undefined, text }));
    parser.on("file", (name, stream, fileName) => {
      const field: Field = { name, fileName, text: "" };
      fields.push(field);
      stream.on("data", (chunk: Buffer) => {
        field.text += chunk.toString("latin1");
      });
      stream.on("error", reject);
    });
    parser.on("finish", () => resolve(fields));
    parser.on("error", reject);
    parser.end(Buffer.from(body));
  });
}

function damage(random: Random, body: string, boundary: string): string {
  const at = random.int(0, body.length);
  const kind = random.int(0, 5);
  if (kind === 0) return body.slice(0, at);
  if (kind === 1) return body.slice(0, at) + body.slice(at + random.int(1, 5));
  if (kind === 2) return body.slice(0, at) + random.pick(["\r", "\n", "\r\n", "\0", "-"]) + body.slice(at);
  if (kind === 3)
    return body.slice(0, at) + random.pick([`\r\n--${boundary}`, `--${boundary}--`]) + body.slice(at);
  if (kind === 4) return body.replaceAll("\r\n", random.pick(["\n", "\r", "\r\n\r\n"]));
  return `${body.slice(0, at)}${"x: y\r\n".repeat(random.int(1, 4000))}${body.slice(at)}`;
}

const seeds = Array.from({ length: process.env.SEED ? 1 : SEEDS }, (_, i) => seed + i);

describe(`random forms (${seeds.length} seeds from ${seed})`, () => {
  it(
    "are read as they were made and as busboy reads them, however they are cut",
    async () => {
      for (const one of seeds) {
        const random = makeRandom(one);
        for (let i = 0; i < CASES; i++) {
          const boundary = makeBoundary(random);
          const { body, fields } = makeForm(random, boundary);
          const bytes = bytesOf(body);
          const most = random.pick([1, 2, 7, 100, 5000]);
          const { fields: ours } = await readOurs(bytes, boundary, () => random.int(1, most));
          expect(ours.map(brief), `SEED=${one}, form ${i}`).toEqual(fields.map(brief));
          expect(sorted(ours), `SEED=${one}, form ${i}`).toEqual(sorted(await readTheirs(bytes, boundary)));
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    "are refused or read as busboy reads them once they are damaged, and always end",
    async () => {
      let refused = 0;
      let read = 0;
      for (const one of seeds) {
        const random = makeRandom(one + 1_000_000);
        for (let i = 0; i < CASES; i++) {
          const boundary = makeBoundary(random);
          const bytes = bytesOf(damage(random, makeForm(random, boundary).body, boundary));
          const at = `SEED=${one}, damaged form ${i}`;
          const most = random.pick([1, 50, 5000]);
          const ours = await readOurs(bytes, boundary, () => random.int(1, most)).catch((error) => {
            expect(error, at).toBeInstanceOf(AppError);
            expect((error as AppError).status, at).toBe(400);
          });
          // A boundary directly after the blank line is content for some readers and the end for others.
          if (latin(bytes).includes(`\r\n\r\n--${boundary}`)) continue;
          if (ours === undefined) {
            refused++;
            continue;
          }
          read++;
          expect(ours.pulls, at).toBeLessThanOrEqual(bytes.length);
          // busboy skips parts whose headers it does not understand, and damaged names can be read in several ways.
          const texts = new Set(ours.fields.map(nameless).map(brief));
          const theirs = (await readTheirs(bytes, boundary)).map(nameless).map(brief);
          expect(
            theirs.filter((text) => !texts.has(text)),
            at,
          ).toEqual([]);
        }
      }
      expect(refused).toBeGreaterThan(0);
      expect(read).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

/** Contents are long and binary: a failure shows their length and hash. */
function brief({ name, fileName, text }: Field): string {
  const hash = createHash("sha256").update(text, "latin1").digest("hex").slice(0, 12);
  return JSON.stringify([name, fileName, text.length, hash]);
}

const nameless = ({ text }: Field): Field => ({ name: "", fileName: undefined, text });

/** busboy reports a file once it is read, and a field at once, so their order has no meaning. */
const sorted = (fields: Field[]) => fields.map(brief).sort();
