// Environment variables: which names are read, and the error for a missing or odd one.
import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";

const environment = (variables: Record<string, string>) => readEnvironment((name) => variables[name]);

describe("the environment", () => {
  it("reads the keys of today's platform, and those of older projects", () => {
    const today = environment({
      SUPABASE_URL: "http://127.0.0.1:54321/",
      SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_1"}',
      SUPABASE_SECRET_KEYS: '{"default":"sb_secret_1"}',
      SUPABASE_ANON_KEY: "legacy-anon",
    });
    expect([today.supabaseUrl, today.publishableKey, today.secretKey]).toEqual([
      "http://127.0.0.1:54321",
      "sb_publishable_1",
      "sb_secret_1",
    ]);
    const legacy = environment({ SUPABASE_ANON_KEY: "anon", SUPABASE_SERVICE_ROLE_KEY: "service" });
    expect([legacy.publishableKey, legacy.secretKey]).toEqual(["anon", "service"]);
  });

  it("takes another key if none is named default, and a legacy one if there are no others", () => {
    const renamed = environment({
      SUPABASE_PUBLISHABLE_KEYS: '{"web":"sb_publishable_2","app":"sb_publishable_3"}',
      SUPABASE_SECRET_KEYS: '{"jobs":"sb_secret_2","default":"sb_secret_1"}',
    });
    expect([renamed.publishableKey, renamed.secretKey]).toEqual(["sb_publishable_2", "sb_secret_1"]);
    const none = environment({ SUPABASE_SECRET_KEYS: "{}", SUPABASE_SERVICE_ROLE_KEY: "service" });
    expect(none.secretKey).toBe("service");
    expect(() => environment({ SUPABASE_PUBLISHABLE_KEYS: "" }).publishableKey).toThrow(
      "SUPABASE_PUBLISHABLE_KEYS is not set",
    );
  });

  it("treats an empty variable as one that is not set", () => {
    expect(environment({ JWT_SECRET: "" }).get("JWT_SECRET")).toBeUndefined();
  });

  it("names the variable that is missing or can't be read", () => {
    expect(() => environment({}).supabaseUrl).toThrow("SUPABASE_URL is not set");
    expect(() => environment({}).require("WORKER_SECRET")).toThrow("WORKER_SECRET is not set");
    expect(() => environment({}).publishableKey).toThrow("SUPABASE_PUBLISHABLE_KEYS is not set");
    for (const odd of ["sb_secret", '"sb_secret"', '["sb_secret"]', "null", '{"default":1}']) {
      expect(() => environment({ SUPABASE_SECRET_KEYS: odd }).secretKey).toThrow(
        "SUPABASE_SECRET_KEYS is not JSON of named keys",
      );
    }
  });

  it("is the process's own by default", () => {
    process.env.HTTP_CORE_TEST_VARIABLE = "here";
    expect(readEnvironment().get("HTTP_CORE_TEST_VARIABLE")).toBe("here");
    delete process.env.HTTP_CORE_TEST_VARIABLE;
  });
});
