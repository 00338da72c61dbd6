import { defineConfig } from "vitest/config";

/** Tests that need a migrated database and nothing beside it. */
const BARE = "tests/db/**/*.test.ts";

/** Tests that kill the platform's worker, which everybody else's messages go through: after all others, one at a time. */
const KILLING = ["bulk-actions", "exports", "imports-crash", "lookups"].map(
  (name) => `tests/api/${name}.test.ts`,
);

export default defineConfig({
  test: {
    // A test waits on several conditions, each for a minute at most. A busy machine is no fault of what is tested.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Files mostly wait for the platform they talk to: two at a time take little more than half the time, on two cores too.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["tests/unit/**/*.test.ts"] },
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
          exclude: ["tests/unit/**", "tests/large/**", "tests/bystander/**", BARE, ...KILLING],
          globalSetup: ["tests/stack-for-tests.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "database",
          include: [BARE],
          globalSetup: ["tests/bare-database-for-tests.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "killing",
          include: KILLING,
          globalSetup: ["tests/stack-for-tests.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
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
