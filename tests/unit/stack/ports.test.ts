// Ports follow from one base, and a port in use is named together with the remedy.
import { createServer, type Server } from "node:net";
import { findFreePortBase, portsFrom, readArguments, requireFreePorts } from "local-supabase";
import { afterEach, expect, test } from "vitest";

let blocker: Server | undefined;
afterEach(() => blocker?.close());

test("a free base has three free ports, and a taken one is named with its use", async () => {
  const ports = portsFrom(await findFreePortBase());
  await requireFreePorts(ports);
  blocker = createServer();
  await new Promise<void>((resolve) => blocker?.listen(ports.database, "127.0.0.1", resolve));
  await expect(requireFreePorts(ports)).rejects.toThrow(
    new RegExp(`port ${ports.database} \\(database\\)\\..*--port-base`, "s"),
  );
});

test.each(["abc", "80", "65528", "1.5", ""])("--port-base %j is refused by name", (value) => {
  expect(() => readArguments([`--port-base=${value}`], "/project")).toThrow(
    /--port-base must be a whole number/,
  );
});

test("an unknown option is refused by name", () => {
  expect(() => readArguments(["--prot-base", "1"], "/project")).toThrow(/--prot-base/);
});

test("the default ports keep their data in .stack, others in a folder of their own", () => {
  expect(readArguments([], "/project")).toEqual({ portBase: 54321, dataDir: "/project/.stack" });
  expect(readArguments(["--port-base", "60000"], "/project")).toEqual({
    portBase: 60000,
    dataDir: "/project/.stack/60000",
  });
});
