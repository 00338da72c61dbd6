// A text that comes in costs the same, however many came before it: its session keeps the plans that it made at first.
import { expect, test } from "vitest";
import { AFTERNOON, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { newSid } from "../../fixtures/drive-sending.ts";
import { fillSending } from "../../fixtures/fill-sending.ts";
import { startBareDatabase } from "../../fixtures/start-bare-database.ts";

const TEXTS = 320;

test(`the last of ${TEXTS} texts reads about as much as the first ones, after 20,000 messages`, async () => {
  const db = await startBareDatabase();
  try {
    const org = await arrangeOrg(db, { numbers: 10 });
    await fillSending(db, org, { messages: 20_000, waiting: 10, now: AFTERNOON });
    // Nobody has answered yet: that is what the plans are made for.
    await db.sql`analyze`;
    const people = await db.sql`
      select distinct to_number from public.messages where kind = 'campaign' order by 1 limit ${TEXTS}`;
    const { sql } = await db.admin();
    const costs: number[] = [];
    for (const { to_number } of people) {
      const [row] = await sql.unsafe(
        `explain (analyze, buffers, format json) select private.receive_inbound($1, $2, $3, $4, 'Text', '{}', 'reply', 'exact',
          false, 'en', false, null, $5, 'interested')`,
        [org.accountSid, newSid(), to_number, org.numbers[0]?.e164 ?? "", AFTERNOON],
      );
      const plan = row?.["QUERY PLAN"]?.[0]?.Plan;
      costs.push(plan?.["Shared Hit Blocks"] + plan?.["Shared Read Blocks"]);
    }
    expect(costs).toHaveLength(TEXTS);
    // Twenty together: a single one may meet a page that splits.
    const mean = (from: number) => costs.slice(from, from + 20).reduce((sum, blocks) => sum + blocks, 0) / 20;
    console.info(`blocks of a text: ${mean(20)} at first, ${mean(TEXTS - 20)} at last`);
    expect(mean(TEXTS - 20)).toBeLessThan(mean(20) * 1.5);
  } finally {
    await db.close();
  }
});
