// docs/operations.md names the jobs that there are, each once.
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

it("the table of jobs in docs/operations.md is that of cron.job", async () => {
  const text = await readFile("docs/operations.md", "utf8");
  const table = text.slice(text.indexOf("## Jobs"));
  const named = [...table.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell]) =>
    [...(cell as string).matchAll(/`([^`]+)`/g)].map(([, name]) => name as string),
  );
  const jobs = await bench.sql<{ jobname: string }[]>`select jobname from cron.job`;
  expect(named.sort()).toEqual(jobs.map(({ jobname }) => jobname).sort());
});
