// There is only one way to Storage with the secret key: the file store, which builds every path from ids.
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, it } from "vitest";

const FUNCTIONS = join(import.meta.dirname, "../../../supabase/functions");
/** Code that reaches Storage, or the secret key. */
const WAYS: Record<string, { pattern: RegExp; allowed: string[] }> = {
  "supabase-js with the secret key": {
    pattern: /\bcreateServiceClient\b/,
    allowed: ["_shared/storage/file-store.ts", "_shared/storage/service-client.ts"],
  },
  "the secret key": {
    pattern: /\bsecretKey\b|SUPABASE_SECRET_KEYS|SUPABASE_SERVICE_ROLE_KEY/,
    allowed: ["_shared/environment/environment.ts", "_shared/storage/service-client.ts"],
  },
  // Any client has `storage`; an own field of that name has no `from`.
  "a bucket": {
    pattern: /\bstorage\s*\.\s*from\s*\(|\.storage\s*\.\s*\w/,
    allowed: ["_shared/storage/file-store.ts"],
  },
  "Storage's address": { pattern: /storage\/v1/, allowed: [] },
};

it.each(Object.entries(WAYS))("%s is used by the file store only", async (_name, { pattern, allowed }) => {
  const files = (await readdir(FUNCTIONS, { recursive: true })).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  const users: string[] = [];
  for (const file of files) {
    const text = await readFile(join(FUNCTIONS, file), "utf8");
    const code = text.replace(
      /"[^"\n]*uploadToSignedUrl[^"\n]*"|'[^'\n]*uploadToSignedUrl[^'\n]*'|^\s*(\/\/|\*|\/\*\*).*$/gm,
      "",
    );
    if (pattern.test(code)) users.push(relative(FUNCTIONS, join(FUNCTIONS, file)));
  }
  expect(users.sort()).toEqual(allowed);
});
