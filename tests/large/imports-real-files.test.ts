// The ten real files at the size people have them: thousands of rows, one of 200,000.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { expectRealFile } from "../fixtures/expect-real-file.ts";
import { REAL_FILES } from "../fixtures/real-files.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

/** The broken one breaks at row 5,000. */
const SIZES: Record<string, number> = { "a file broken at five sixths": 6000, "a plain land list": 200_000 };
let from = 0;

test.each(Object.entries(REAL_FILES))("imports %s", { timeout: 1_200_000 }, async (what, make) => {
  const size = SIZES[what] ?? 3000;
  const row = await expectRealFile(org, make(size, from), 1_200);
  from += size;
  expect(row.total_rows).toBeGreaterThanOrEqual(size);
});
