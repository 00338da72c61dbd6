// What `supabase config push` would set in a hosted project, by the CLI's own `config diff` against a stand-in for the Management
// API, which has a new project's settings.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MAX_FILE_BYTES } from "../../../supabase/functions/leads/imports/read-upload.ts";

const REF = "abcdefghijklmnopqrst";
const NEW_PROJECT = {
  auth: { site_url: "http://localhost:3000", uri_allow_list: "", jwt_exp: 3600, mailer_autoconfirm: true },
  storage: { file_size_limit: 52_428_800 },
};
let api: Server;
let folder: string;

beforeAll(async () => {
  api = createServer((_request, response) =>
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ data: { type: "project_config", id: REF, attributes: NEW_PROJECT } })),
  );
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  folder = await mkdtemp(join(tmpdir(), "config-hosted-"));
  await mkdir(join(folder, "supabase"));
  await cp("supabase/config.toml", join(folder, "supabase", "config.toml"));
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  await writeFile(
    join(folder, "profile.yaml"),
    `name: test\napi_url: ${url}\ndashboard_url: ${url}\nproject_host: example.com\n`,
  );
  await writeFile(
    join(folder, ".env.production"),
    "SITE_URL=https://app.example.com\nREDIRECT_URLS=https://app.example.com/**,https://*.preview.example.com/**\n",
  );
});
afterAll(async () => {
  api.close();
  await rm(folder, { recursive: true, force: true });
});

interface Change {
  path: string[];
  local: unknown;
  env_variables?: string[];
}

it("takes the project's addresses from .env.production, and files as large as imports", async () => {
  const cli = join(
    dirname(createRequire(import.meta.url).resolve("supabase/package.json")),
    "dist/supabase.js",
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      cli,
      "config",
      "diff",
      `--remote=${REF}`,
      "--output-format",
      "json",
      "--profile",
      join(folder, "profile.yaml"),
      "--workdir",
      folder,
    ],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        SUPABASE_ENV: "production",
        SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
        SUPABASE_NO_KEYRING: "1",
        SUPABASE_TELEMETRY_DISABLED: "1",
        SUPABASE_NO_UPDATE_NOTIFIER: "1",
      },
    },
  );
  const changes: Change[] = JSON.parse(stdout).changes;
  const find = (path: string) => changes.find((change) => change.path.join(".") === path);
  expect(find("auth.site_url")).toMatchObject({
    local: "https://app.example.com",
    env_variables: ["SITE_URL"],
  });
  expect(find("auth.additional_redirect_urls")).toMatchObject({
    local: ["https://app.example.com/**", "https://*.preview.example.com/**"],
    env_variables: ["REDIRECT_URLS"],
  });
  expect(find("storage.file_size_limit")?.local).toBe(`${MAX_FILE_BYTES / 1_048_576}MiB`);
  expect(find("auth.email.enable_confirmations")?.local).toBe(true);
  // No setting for local machines only reaches the project.
  expect(JSON.stringify(changes.map(({ local }) => local))).not.toMatch(/localhost|127\.0\.0\.1|env\(/);
});
