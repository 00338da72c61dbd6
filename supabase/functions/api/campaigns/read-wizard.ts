// Turns what the wizard sends into a campaign of the area.
import { type FieldError, validationError } from "../../_shared/http/app-error.ts";
import { UNTAGGED } from "../leads/schemas.ts";
import type { WizardInput } from "./schemas.ts";

/** Hours between the texts of a drip, for which the wizard has no field. */
const DRIP_WAIT_HOURS = 72;
/** A start that is so near is now: the wizard fills in the time at which it was opened. */
const SOON_MS = 60_000;

/** Without an offset nobody knows which of 24 hours is meant. */
const INSTANT =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

type Text = WizardInput["messages"][number];

/** The texts in their order. @throws AppError invalid_input for what is not offered, and for a start that is no time */
export function textsOf({ type, messages, abTest, schedule }: WizardInput): Text[] {
  const errors: FieldError[] = [];
  if (type === "trigger") {
    const message =
      "trigger is not offered: choose broadcast for one text, or drip for several after each other.";
    errors.push({ field: "type", message });
  }
  const texts = [...messages].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)).filter(isText);
  if (texts.length === 0)
    errors.push({ field: "messages", message: "messages: write the text, or choose a template." });
  if (type === "drip" && texts.length > 9)
    errors.push({ field: "messages", message: "messages: a drip has 9 texts at most." });
  if (type === "drip" && abTest?.enabled)
    errors.push({
      field: "abTest",
      message: "abTest: the texts of a drip follow each other; choose broadcast to compare them.",
    });
  if (type !== "drip" && abTest?.enabled && texts.length > 10)
    errors.push({ field: "messages", message: "messages: a test compares 10 texts at most." });
  if (schedule?.startDate && !INSTANT.test(schedule.startDate)) {
    const message = "schedule.startDate must be a time with its offset, such as 2026-01-31T13:00:00Z.";
    errors.push({ field: "schedule.startDate", message });
  }
  if (errors.length > 0) throw validationError(errors);
  return texts;
}

const isText = ({ content, templateId }: Text) =>
  (content ?? "").trim() !== "" || (templateId !== undefined && templateId !== null && templateId !== "");

/**
 * @param templateIds the template of each text
 * @param now in ms
 * @returns the body of POST /campaigns
 * @throws AppError invalid_input for a test of one text, and if leads are to be chosen and none is
 */
export function toCampaignInput(
  body: WizardInput,
  templateIds: string[],
  now: number,
): Record<string, unknown> {
  const { name, description, type, targetAudience, schedule } = body;
  const startsAt = schedule?.startDate ? Date.parse(schedule.startDate) : Number.NaN;
  const texts = textsOf(body);
  const [first, ...later] = templateIds;
  return {
    name,
    ...(description && { description }),
    ...(type === "followup" && { template_category: "followup" }),
    target_criteria: toCriteria(targetAudience),
    ...(schedule?.rateLimiting && {
      mps: Math.max(0.001, Math.round((schedule.rateLimiting / 60) * 1_000) / 1_000),
    }),
    ...(startsAt > now + SOON_MS && { scheduled_at: new Date(startsAt).toISOString() }),
    ...(type === "drip" && first !== undefined
      ? {
          template_ids: [first],
          steps: later.map((id, i) => ({
            wait_hours: Math.round(texts[i + 1]?.delay ?? DRIP_WAIT_HOURS),
            template_ids: [id],
          })),
        }
      : toTexts(body, templateIds)),
  };
}

function toTexts({ abTest }: WizardInput, ids: string[]): Record<string, unknown> {
  const different = [...new Set(ids)];
  if (!abTest?.enabled) return { template_ids: different };
  if (different.length < 2) {
    const message = "messages: a test compares different texts. Add another one, or switch the test off.";
    throw validationError([{ field: "messages", message }]);
  }
  const first = Math.round(abTest.splitPercentage ?? 50);
  const others = different.length - 1;
  return {
    variants: different.map((id, i) => ({
      name: String.fromCharCode(65 + i),
      share: i === 0 ? first * others : 100 - first,
      template_ids: [id],
    })),
  };
}

/** The A/B test that the wizard asks for, if it asks for one. Its duration is left out: the test ends when it is decided, or after 30 days. */
export function testOf(abTest: WizardInput["abTest"]): Record<string, unknown> | undefined {
  if (!abTest?.enabled) return undefined;
  return {
    metric: /interest|conversion/i.test(String(abTest.winnerCriteria ?? "")) ? "interested" : "replied",
    decides: abTest.autoPromote === true ? "auto" : "person",
  };
}

function toCriteria(audience: WizardInput["targetAudience"]): Record<string, unknown> {
  const { leadListIds = [], tags = [], filters } = audience ?? {};
  const chosen = filters?.selectedLeadIds ?? [];
  if (filters?.useIndividualSelection || leadListIds.length > 0) {
    const ids = [...new Set([...leadListIds, ...chosen])];
    if (ids.length === 0)
      throw validationError([
        { field: "targetAudience.filters.selectedLeadIds", message: "Choose at least one lead." },
      ]);
    return { lead_ids: ids };
  }
  const asked = tags.map((tag) => tag.trim().toUpperCase()).filter((tag) => tag !== "");
  if (asked.length === 0) return {};
  const real = asked.filter((tag) => tag !== UNTAGGED);
  if (real.length === asked.length) return { tags: real };
  return { filter: { tags: { untagged: true, ...(real.length > 0 && { any: real }) } } };
}
