// The function runner's ordinary work: what a function sees, what its caller gets, streams, crashes, changes.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../src/testing/wait-for.ts";
import { type FunctionRunner, isRunning, startFunctionRunner } from "./start-function-runner.ts";

let runner: FunctionRunner;
const mebibyte = 1024 * 1024;

beforeAll(async () => {
  runner = await startFunctionRunner({ isolates: { twins: 2 } }, ["twins", "mortal"]);
});
afterAll(() => runner?.stop());

const json = async (path: string, init?: RequestInit) => (await runner.call(path, init)).json();

describe("a call", () => {
  it("reaches the function with its name first in the path and the public host hidden", async () => {
    const seen = await json("/echo?a=1&b=%C3%B1", {
      method: "POST",
      body: "some text",
      headers: { "x-of-our-own": "kept" },
    });
    expect(seen).toMatchObject({
      url: "http://edge-runtime.supabase.com/echo?a=1&b=%C3%B1",
      method: "POST",
      body: "some text",
      headers: {
        host: "edge-runtime.supabase.com",
        "x-of-our-own": "kept",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": new URL(runner.url).host,
        "x-forwarded-proto": "http",
        "x-forwarded-port": new URL(runner.url).port,
      },
    });
  });

  it("finds the process warm the next time", async () => {
    expect((await json("/echo")).pid).toBe((await json("/echo")).pid);
  });

  it("sees its own environment and nothing of the shell's", async () => {
    expect(process.env.PATH).toBeTruthy();
    const seen = await json("/echo/env");
    expect(seen).toMatchObject({ ONLY_THIS: "is seen", SUPABASE_FUNCTION_SLUG: "echo" });
    expect(Object.keys(seen)).not.toContain("PATH");
    expect(Object.keys(seen)).not.toContain("HOME");
  });

  it("may read its own folder and packages, and no other file, and has no workers", async () => {
    const read = async (path: string) => (await runner.call(`/echo/read?path=${path}`)).text();
    expect(await read(join(runner.functionsDir, "echo", "index.ts"))).toBe("read");
    expect(await read("/etc/hosts")).toBe("NotCapable");
    expect((await json("/echo/globals")).worker).toBe("undefined");
  });

  it("gets JSON errors of the platform: unknown function, private folder, thrown error", async () => {
    for (const path of ["/nothing", "/_shared", "/", "/..%2fecho", "/echo.ts"]) {
      const answer = await runner.call(path);
      expect([path, answer.status, (await answer.json()).code]).toEqual([path, 404, "NOT_FOUND"]);
    }
    const thrown = await runner.call("/echo/throw");
    expect([thrown.status, thrown.headers.get("sb-error-code")]).toEqual([500, "WORKER_ERROR"]);
    expect(await thrown.text()).not.toContain("on purpose");
    await waitFor(() => runner.lines.some((line) => line.startsWith("echo: Error: a fault on purpose")));
  });

  it("serves web pages as plain text", async () => {
    expect((await runner.call("/echo/html")).headers.get("content-type")).toBe("text/plain");
  });

  it("is shared by a function's processes in turn", async () => {
    const pids = new Set<number>();
    for (let n = 0; n < 6; n++) pids.add((await json("/twins")).pid);
    expect([...pids].sort()).toEqual(runner.functions.pids().twins?.sort());
    expect(pids.size).toBe(2);
  });

  it("is answered a thousand times at once", async () => {
    const answers = await Promise.all(Array.from({ length: 1000 }, () => runner.call("/echo/html")));
    expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  });
});

describe("bodies", () => {
  it("come back while the function is still writing them", async () => {
    const answer = await runner.call("/echo/stream?parts=5");
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("part 0\n");
    let rest = "";
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      rest += new TextDecoder().decode(part.value);
    }
    expect(rest).toBe("part 1\npart 2\npart 3\npart 4\n");
  });

  it("go in as streams of 100 MB, within the function's memory", async () => {
    const chunk = Buffer.alloc(mebibyte, 97);
    const body = Readable.toWeb(
      Readable.from(
        (function* () {
          for (let n = 0; n < 100; n++) yield chunk;
        })(),
      ),
    );
    const answer = await runner.call("/echo/count", { method: "POST", body, duplex: "half" } as RequestInit);
    expect(await answer.json()).toEqual({ bytes: 100 * mebibyte });
  });

  it("that the function refuses unread still get its answer", async () => {
    for (let n = 0; n < 5; n++) {
      const answer = await runner.call("/echo/refuse", { method: "POST", body: Buffer.alloc(20 * mebibyte) });
      expect([answer.status, await answer.json()]).toEqual([413, { error: "too large" }]);
    }
  });

  it("end in the function when the caller hangs up", async () => {
    const hangUp = new AbortController();
    const waiting = runner
      .call("/echo/aborted", { signal: hangUp.signal })
      .catch((error: Error) => error.name);
    const stream = await runner.call("/echo/stream?parts=1000000", { signal: hangUp.signal });
    await stream.body?.getReader().read();
    await waitFor(async () => runner.functions.pids().echo?.length === 1);
    hangUp.abort();
    expect(await waiting).toBe("AbortError");
    await waitFor(() => runner.lines.includes("echo: caller hung up"));
    await waitFor(() => runner.lines.some((line) => line.startsWith("echo: stream canceled after")));
  });
});

describe("processes", () => {
  it("that are killed give 502 to calls in progress and come back with the next call", async () => {
    const { pid } = await json("/mortal");
    const waiting = runner.call("/mortal/pause?ms=60000");
    const streaming = await runner.call("/mortal/stream?parts=1000000");
    const reader = streaming.body?.getReader();
    await reader?.read();
    expect(await runner.functions.kill9("mortal")).toEqual([pid]);
    const lost = await waiting;
    expect([lost.status, (await lost.json()).code]).toEqual([502, "WORKER_ERROR"]);
    const readOn = async () => {
      for (;;) if ((await reader?.read())?.done) return "ended as if complete";
    };
    await expect(readOn()).rejects.toThrow();
    expect(isRunning(pid)).toBe(false);
    const again = await json("/mortal");
    expect(again.pid).not.toBe(pid);
  });

  it("that are restarted tell the function and let a call finish", async () => {
    const { pid } = await json("/mortal");
    const waiting = json("/mortal/pause?ms=700");
    await waitFor(() => runner.lines.includes("mortal: pausing for 700 ms"));
    const restarted = runner.functions.restart("mortal");
    const next = json("/mortal");
    expect((await waiting).unloads).toEqual(["termination"]);
    expect((await next).pid).not.toBe(pid);
    await restarted;
    expect(isRunning(pid)).toBe(false);
    await expect(runner.functions.restart("nothing")).rejects.toThrow('no function "nothing"');
  });

  it("reload when the function, shared code or another function they use changes", async () => {
    await runner.write("changing/index.ts", source('"../_shared/greeting.ts"', "greeting", "one"));
    const text = async () => (await runner.call("/changing")).text();
    expect(await waitFor(async () => (await text()) === "one hello" && "seen")).toBe("seen");
    await runner.write("changing/index.ts", source('"../_shared/greeting.ts"', "greeting", "two"));
    await waitFor(async () => (await text()) === "two hello");
    await runner.write("_shared/greeting.ts", 'export const greeting = "good day";');
    await waitFor(async () => (await text()) === "two good day");
    await runner.write("other/words.ts", 'export const greeting = "from there";');
    await runner.write("changing/index.ts", source('"../other/words.ts"', "greeting", "three"));
    await waitFor(async () => (await text()) === "three from there");
    await runner.write("other/words.ts", 'export const greeting = "changed there";');
    await waitFor(async () => (await text()) === "three changed there");
    await rm(join(runner.functionsDir, "changing"), { recursive: true });
    await waitFor(async () => (await runner.call("/changing")).status === 404);
  });

  it("that cannot start say why in the log, answer 503, and start once the fault is fixed", async () => {
    const good = 'export default { fetch: () => new Response("mended") };';
    const bad = {
      syntax: ["export default { fetch: () => ", "The module's source code could not be parsed"],
      missing: [
        'import { x } from "./none.ts"; export default { fetch: () => x };',
        'Module not found "file://',
      ],
      unknown: ['import x from "not-in-the-map"; export default { fetch: () => x };', "not-in-the-map"],
      throwing: ['throw new Error("no database"); export default {};', "no database"],
      headless: [
        "export const fetch = () => new Response();",
        "must have a default export with a `fetch` method",
      ],
    };
    for (const [name, [text, reason]] of Object.entries(bad)) {
      await runner.write(`${name}/index.ts`, text ?? "");
      const answer = await waitFor(async () => {
        const got = await runner.call(`/${name}`);
        return got.status !== 404 && got;
      });
      expect([name, answer.status, (await answer.json()).code]).toEqual([name, 503, "BOOT_ERROR"]);
      expect(runner.lines.filter((line) => line.startsWith(`${name}: `)).join("\n")).toContain(reason);
      await runner.write(`${name}/index.ts`, good);
      await waitFor(async () => (await (await runner.call(`/${name}`)).text()) === "mended");
    }
  });
});

function source(from: string, name: string, word: string): string {
  return `import { ${name} } from ${from}; export default { fetch: () => new Response("${word} " + ${name}) };`;
}
