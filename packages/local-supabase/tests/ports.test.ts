// Ports follow from one base, and a port in use is named together with the remedy.
import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { findFreePortBase, PLATFORM_PORTS, portsFrom, requireFreePorts } from "../src/ports.ts";
import { readArguments } from "../src/read-arguments.ts";

let blocker: Server | undefined;
afterEach(() => blocker?.close());

test("a free base has free ports for all that was asked for, and a taken one is named with its use", async () => {
  const offsets = { ...PLATFORM_PORTS, other: 8 };
  const ports = portsFrom(await findFreePortBase(offsets), offsets);
  await requireFreePorts(ports);
  blocker = createServer();
  await new Promise<void>((resolve) => blocker?.listen(ports.database, "127.0.0.1", resolve));
  await expect(requireFreePorts(ports)).rejects.toThrow(
    new RegExp(`port ${ports.database} \\(database\\)\\..*--port-base`, "s"),
  );
});

test.each(["abc", "80", "65535", "1.5", ""])("--port-base %j is refused by name", (value) => {
  expect(() => readArguments([`--port-base=${value}`], { projectDir: "/project" })).toThrow(
    /--port-base must be a whole number/,
  );
});

test("an unknown option is refused by name", () => {
  expect(() => readArguments(["--prot-base", "1"], { projectDir: "/project" })).toThrow(/--prot-base/);
});

test("the default ports keep their data in .stack, others in a folder of their own", () => {
  expect(readArguments([], { projectDir: "/project" })).toEqual({
    projectDir: "/project",
    portBase: 54321,
    dataDir: "/project/.stack",
  });
  expect(readArguments(["--port-base", "60000"], { projectDir: "/project" })).toEqual({
    projectDir: "/project",
    portBase: 60000,
    dataDir: "/project/.stack/60000",
  });
});

test("a base must leave room for all ports", () => {
  const offsets = { ...PLATFORM_PORTS, other: 8 };
  expect(portsFrom(65_527, offsets)).toEqual({
    api: 65_527,
    database: 65_528,
    pooler: 65_529,
    other: 65_535,
  });
  expect(() => readArguments(["--port-base", "65528"], { offsets })).toThrow(/to 65527, got 65528/);
});

test("a project is an option only if none is given", () => {
  expect(readArguments(["--project", "/other"]).dataDir).toBe("/other/.stack");
  expect(() => readArguments(["--project", "/other"], { projectDir: "/project" })).toThrow(/--project/);
});
