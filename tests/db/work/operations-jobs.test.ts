// docs/operations.md names each existing job and task once.
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

/** Names in the first column of the table under a heading, sorted. */
async function namesUnder(heading: string): Promise<string[]> {
  const text = await readFile("docs/operations.md", "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const cells = [...section.matchAll(/^\| (`[^|]+`) +\|/gm)].map(([, cell]) => cell as string);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)).sort();
}

it("the table of jobs in docs/operations.md is that of cron.job", async () => {
  const jobs = await bench.sql<{ jobname: string }[]>`select jobname from cron.job`;
  expect(await namesUnder("Jobs")).toEqual(jobs.map(({ jobname }) => jobname).sort());
});

it("the table of tasks is that of private.tasks, with the interval of each", async () => {
  const tasks = await bench.sql<{ name: string; seconds: number }[]>`select name, seconds from private.tasks`;
  expect(await namesUnder("Tasks")).toEqual(tasks.map(({ name }) => name).sort());
  const text = await readFile("docs/operations.md", "utf8");
  for (const { name, seconds } of tasks)
    expect(text).toMatch(new RegExp(`^\\| \`${name}\` +\\| ${seconds} s `, "m"));
});
