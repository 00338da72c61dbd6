// Variables in `.env` override the stack's own values.
import { expect, test } from "vitest";
import { functionsEnvironment } from "../../../scripts/stack/functions-environment.ts";

const keys = { jwtSecret: "j", workerSecret: "w" };
const addresses = { functionsUrl: "http://f", workerDbUrl: "postgres://w", simulatorUrl: "http://s" };

test("variables of .env replace what functions get, and leave the rest", () => {
  const env = functionsEnvironment(keys, addresses, {
    TWILIO_API_URL: "https://api.twilio.com",
    EXTRA: "a b",
  });
  expect(env).toMatchObject({
    TWILIO_API_URL: "https://api.twilio.com",
    EXTRA: "a b",
    TWILIO_LOOKUPS_URL: "http://s",
    JWT_SECRET: "j",
  });
});
