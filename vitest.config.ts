import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["tests/unit/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "stack",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/unit/**", "tests/db/sending/**", "tests/large/**"],
          globalSetup: ["tests/stack-for-tests.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "database",
          include: ["tests/db/sending/**/*.test.ts"],
          globalSetup: ["tests/bare-database-for-tests.ts"],
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
