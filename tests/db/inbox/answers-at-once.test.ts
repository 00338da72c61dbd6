// Two operators answer the same thousand conversations at the same time, in different orders: each person hears one of them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { addPerson, answer, claimDue, type Person, personWrites } from "../../fixtures/arrange-inbox.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

/** ANSWERS=1000 is the whole proof; it takes some twenty seconds. */
const PEOPLE = Number(process.env.ANSWERS ?? 200);
const bench = useBareDatabase();
let org: ArrangedOrg;
let operators: [Person, Person];
beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 20, mps: 1000 });
  operators = [await addPerson(bench.db, org.id), await addPerson(bench.db, org.id)];
});
afterAll(() => Promise.all(operators.map(({ session }) => session.end())));

interface Outcome {
  id: string;
  by: number;
  code: string;
  /** What the refusal said was missed. */
  missed: string[];
}

test(`of ${PEOPLE} answers by each of two, one for each person is sent, and the other is told what it missed`, async () => {
  const random = seededRandom("answers at once");
  const leads = await arrangeLeads(bench.db, org.id, PEOPLE);
  const ids: string[] = [];
  for (const { e164 } of leads) ids.push(await personWrites(bench, org, e164, AFTERNOON));

  const answersOf = async (person: Person, by: number): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    // Blocks of ten in the same order: so both are at the same conversations most of the time.
    for (let i = 0; i < ids.length; i += 10)
      for (const id of random.shuffle(ids.slice(i, i + 10)))
        outcomes.push(
          await answer(person, id, later(AFTERNOON, 1), { content: `From ${by}`, seen_version: 1 }).then(
            () => ({ id, by, code: "sent", missed: [] }),
            ({ hint, detail }) => ({
              id,
              by,
              code: hint as string,
              missed: JSON.parse(detail).missed.map(({ content }: { content: string }) => content),
            }),
          ),
        );
    return outcomes;
  };
  const outcomes = (await Promise.all(operators.map(answersOf))).flat();
  for (const id of ids) {
    const two = outcomes.filter((outcome) => outcome.id === id);
    const sent = two.find(({ code }) => code === "sent");
    const refused = two.find(({ code }) => code !== "sent");
    expect([two.length, refused?.code, refused?.missed]).toEqual([
      2,
      "conversation_moved",
      [`From ${sent?.by}`],
    ]);
  }
  const posted: string[] = [];
  for (let i = 1; posted.length < PEOPLE && i < 200; i++)
    posted.push(...(await claimDue(bench, later(AFTERNOON, i))).map(({ to_number }) => to_number));
  expect(posted.sort()).toEqual(leads.map(({ e164 }) => e164).sort());
});
