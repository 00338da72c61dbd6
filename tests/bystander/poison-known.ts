// Values that once stopped all organisations or reached another's data: tried in every run, before random ones.

import type { Poison } from "./poison.ts";
import { runCampaign, sendPlainly } from "./poison-campaigns.ts";
import { addPeople, isTaken, type PoisonTools, wrap } from "./poison-tools.ts";

const campaignWith =
  (odd: object) =>
  async (tools: PoisonTools): Promise<string | undefined> => {
    const { org, row } = tools.world.stranger;
    const input = {
      name: "Known",
      quiet_hours_override: true,
      cooldown_days: 0,
      template_ids: [org.templates.initial],
      phone_number_ids: [row.phone_numbers?.id],
      target_criteria: { lead_ids: await addPeople(tools, 5) },
      ...odd,
    };
    const label = JSON.stringify(odd);
    const created = await tools.rpc("create_campaign", wrap("p_input", JSON.stringify(input)), label);
    return await runCampaign(tools, created, label);
  };

/** Others' files, reached through a name that leads out of its folder. */
async function climb(tools: PoisonTools): Promise<string | undefined> {
  let stored: string | undefined;
  for (const levels of [3, 4, 5, 6])
    for (const bucket of ["exports", "imports"]) {
      const format = `x/${"../".repeat(levels)}bucket/${bucket}/empty`;
      const options = { p_filter: {}, p_options: { format, rows_per: "lead" } };
      if (isTaken(await tools.rpc("create_export", JSON.stringify(options), format)))
        stored = `export: ${format}`;
    }
  return stored;
}

/** A boundary of a length that once stopped the byte search, made up with a line end and two dashes. */
async function boundary(tools: PoisonTools): Promise<string | undefined> {
  for (const length of [252, 255, 256, 257]) {
    const mark = "b".repeat(length);
    const head = 'content-disposition: form-data; name="file"; filename="a.csv"';
    const body = `--${mark}\r\n${head}\r\n\r\nName,Phone\n${",\n".repeat(5_000)}\r\n--${mark}--\r\n`;
    const type = `multipart/form-data; boundary=${mark}`;
    await tools.ask("POST", "/functions/v1/leads/import/preview", body, `boundary of ${length}`, type);
  }
  return undefined;
}

async function numberOfNaN(tools: PoisonTools): Promise<string | undefined> {
  const id = tools.world.stranger.row.phone_numbers?.id;
  const answer = await tools.rpc(
    "update_number",
    `{"p_phone_number_id":"${id}","p_input":{"mps":"NaN"}}`,
    "NaN",
  );
  if (!isTaken(answer)) return undefined;
  await sendPlainly(tools);
  return 'number: mps = "NaN"';
}

async function organisationOfNaN(tools: PoisonTools): Promise<string | undefined> {
  const path = `/rest/v1/orgs?id=eq.${tools.world.stranger.id}`;
  if (!isTaken(await tools.ask("PATCH", path, '{"mps":"NaN"}', "NaN"))) return undefined;
  await sendPlainly(tools);
  return 'organisation: mps = "NaN"';
}

export const KNOWN: readonly Poison[] = [
  { name: "criteria that are none", store: campaignWith({ target_criteria: { never_contacted: "banana" } }) },
  { name: "pace that is none", store: campaignWith({ mps: "NaN" }) },
  { name: "pace without end", store: campaignWith({ mps: "Infinity" }) },
  { name: "number's pace that is none", store: numberOfNaN },
  { name: "organisation's pace that is none", store: organisationOfNaN },
  { name: "a file's name that climbs", store: climb },
  { name: "boundaries", store: boundary },
];
