// The simulator reaches, and is reached over, this machine alone.
import { expect, test } from "vitest";
import { isLoopbackHost } from "../src/loopback-host.ts";

test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.3", "::1", "[::1]", "[::ffff:127.0.0.1]"])(
  "%s is this machine",
  (host) => expect(isLoopbackHost(host)).toBe(true),
);

test.each([
  "",
  "0.0.0.0",
  "::",
  "128.0.0.1",
  "127.0.0.1.example.com",
  "localhost.example.com",
  "10.0.0.1",
  "127.0.0.256",
  "[::2]",
  "[::ffff:10.0.0.1]",
  "api.twilio.com",
])("%j is not", (host) => expect(isLoopbackHost(host)).toBe(false));
