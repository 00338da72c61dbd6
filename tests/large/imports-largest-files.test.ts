// Files of the largest size, one after another: no call ends because those before it used up its isolate's CPU.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { makeFile } from "../../scripts/bench/import/make-file.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { uploadCsv } from "../fixtures/upload-csv.ts";

const CALLS = 10;
/** 102 MB; 104.8 may be sent. */
const ROWS = 660_000;
let org: TestOrg;
let file: Uint8Array;
beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 0 });
  file = new TextEncoder().encode(makeFile(ROWS, 0));
  await org.sql`insert into private.storage_quotas (org_id, bytes) values (${org.id}, 10000000000)`;
});
afterAll(() => org.close());

const send = (path: "preview" | "execute") =>
  uploadCsv(org, path, file, { fields: { allow_repeat: "true" } });

it.each([
  ["preview", 200],
  ["execute", 202],
] as const)(
  "%s is answered ten times in a row",
  async (path, status) => {
    for (let n = 0; n < CALLS; n++) {
      const answer = await send(path);
      expect(answer.status, JSON.stringify(answer.body).slice(0, 300)).toBe(status);
      // What the worker does with it does not matter here.
      if (path === "execute")
        await callFunction(org.stack, org.admin, "POST", `/leads/import/${answer.body.data.id}/cancel`);
    }
  },
  180_000,
);

it("if sent at once, each is accepted or told to try again", async () => {
  for (let n = 0; n < 3; n++) {
    const answers = await Promise.all([send("preview"), send("preview")]);
    for (const { status, body, headers } of answers) {
      if (status === 200) continue;
      expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "try_again", "2"]);
    }
    expect(answers.map(({ status }) => status)).toContain(200);
  }
}, 180_000);
