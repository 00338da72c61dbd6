// Creates a campaign from what the wizard sends, with the texts that were written in it, all or nothing.
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { routes } from "../../campaigns/routes.ts";
import { routes as templateRoutes } from "../../templates/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { asRepeatable } from "../door/repeat-key.ts";
import { findTemplateId } from "../templates/find-template.ts";
import { languageOf } from "../templates/guess-language.ts";
import { templateId as dashboardTemplateId } from "../templates/template-id.ts";
import { type Template, toDashboardTemplate } from "../templates/to-dashboard-template.ts";
import { readPeople } from "./read-people.ts";
import { testOf, textsOf, toCampaignInput } from "./read-wizard.ts";
import type { WizardInput } from "./schemas.ts";
import { type Campaign, toDashboardCampaign } from "./to-dashboard-campaign.ts";

export const createRoute = routeOf(routes, "POST /");
const getTemplateRoute = routeOf(templateRoutes, "GET /{id}");

type Text = WizardInput["messages"][number];
interface NewText {
  id: string;
  content: string;
  category: "initial" | "followup";
  language: string;
}

/** The same request within a minute gets the campaign that the first one created. */
export async function createCampaign(ctx: UserContext, { body }: { body: WizardInput }) {
  const names = new Map([
    ["mps", "schedule.rateLimiting"],
    ["scheduled_at", "schedule.startDate"],
    ["target_criteria.lead_ids", "targetAudience.leadListIds"],
    ["target_criteria.tags", "targetAudience.tags"],
    ["template_ids", "messages"],
  ]);
  const texts: NewText[] = [];
  const ids: string[] = [];
  for (const [i, text] of textsOf(body).entries()) {
    const chosen = await findChosen(ctx, text, `messages.${body.messages.indexOf(text)}.templateId`);
    if (chosen) ids.push(chosen);
    else {
      names.set(`texts.${texts.length}.content`, `messages.${body.messages.indexOf(text)}.content`);
      const written = await toNewText(ctx, body.type, i, text.content ?? "");
      texts.push(written);
      ids.push(written.id);
    }
  }
  const test = testOf(body.abTest);
  const input = {
    ...toCampaignInput(body, ids, Date.now()),
    ...(texts.length > 0 && { texts }),
    ...(test && { test }),
  };
  const campaign = await callRoute<Campaign>(
    await asRepeatable(ctx, body),
    createRoute,
    { body: input },
    names,
  );
  const people = await readPeople(ctx, [campaign.id]);
  return inBothShapes(toDashboardCampaign(campaign, people.get(campaign.id)));
}

/** The template that a text was taken from, unless it was changed since: then it becomes one of its own. */
async function findChosen(
  ctx: UserContext,
  { templateId, content }: Text,
  field: string,
): Promise<string | undefined> {
  if (templateId === undefined || templateId === null || templateId === "") return undefined;
  if (!dashboardTemplateId.safeParse({ id: String(templateId) }).success)
    throw validationError([{ field, message: `${field} must be the number or the uuid of a template.` }]);
  const id = await findTemplateId(ctx, String(templateId));
  const template = await callRoute<Template>(ctx, getTemplateRoute, { params: { id } });
  const shown = [template.content, toDashboardTemplate(template).content];
  return !content?.trim() || shown.includes(content.trim()) ? id : undefined;
}

async function toNewText(
  ctx: UserContext,
  type: WizardInput["type"],
  i: number,
  content: string,
): Promise<NewText> {
  const isLater = type === "followup" || (type === "drip" && i > 0);
  return {
    id: crypto.randomUUID(),
    content,
    category: isLater ? "followup" : "initial",
    language: await languageOf(ctx, content),
  };
}
