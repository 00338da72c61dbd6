import { defineConfig } from "vitest/config";

/** Tests that need a migrated database and nothing beside it. */
const BARE = "tests/db/**/*.test.ts";

export default defineConfig({
  test: {
    // A test waits on several conditions, each for a minute at most. A busy machine is no fault of what is tested.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Files mostly wait for the platform they talk to, so there are more of them at a time than two cores can run.
    maxWorkers: 3,
    // Where files share the modules of a process (isolate: false): a fresh copy of every module for each file is a fifth of the
    // work. What fixtures count begins anew in each file.
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["tests/unit/**/*.test.ts"], isolate: false },
      },
      {
        extends: true,
        test: {
          name: "local-supabase",
          include: ["packages/local-supabase/tests/**/*.test.ts"],
          globalSetup: ["packages/local-supabase/tests/platform-for-tests.ts"],
        },
      },
      {
        extends: true,
        test: { name: "twilio-simulator", include: ["packages/twilio-simulator/tests/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "stack",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/unit/**", "tests/large/**", "tests/bystander/**", BARE],
          isolate: false,
          setupFiles: ["tests/setup-file.ts"],
          globalSetup: ["tests/stack-for-tests.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "database",
          include: [BARE],
          isolate: false,
          setupFiles: ["tests/setup-file.ts"],
          globalSetup: ["tests/bare-database-for-tests.ts"],
        },
      },
      {
        extends: true,
        test: {
          // Last, with nobody beside it: it stores what stops workers, and measures how long calls take.
          name: "bystander",
          include: ["tests/bystander/**/*.test.ts"],
          globalSetup: ["tests/stack-for-tests.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "large",
          include: ["tests/large/**/*.test.ts"],
          globalSetup: ["tests/stack-for-tests.ts"],
        },
      },
    ],
  },
});
