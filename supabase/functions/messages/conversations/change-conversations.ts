// Changes of conversations: read, star, archive, snooze, assign, label, dismiss, claim, class.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type FieldNames, renameFields } from "../../_shared/http/rename-fields.ts";
import { toAppError } from "../../_shared/http/to-app-error.ts";
import { toJob } from "../../_shared/jobs/select-job.ts";
import { readConversation } from "./read-conversation.ts";
import {
  type bulkChange,
  bulkChanged,
  type Conversation,
  changedByIds,
  conversationChange,
  type conversationFilter,
} from "./schemas.ts";

interface ById {
  params: { id: string };
}
type Change = z.output<typeof conversationChange>;
type Filter = z.output<typeof conversationFilter>;

/** @throws AppError not_found, invalid_input for an assignee or a label that the organisation does not have */
export async function changeConversation(
  ctx: UserContext,
  id: string,
  change: Change,
): Promise<Conversation> {
  const { changed } = await changeAll(ctx, [id], change);
  if (changed === 0) throw new AppError("not_found", "There is no conversation with this id.", { id });
  return await readConversation(ctx, { params: { id } });
}

/** A route's use case that always makes the same change. */
export function changing(change: Change) {
  return (ctx: UserContext, { params }: ById): Promise<Conversation> =>
    changeConversation(ctx, params.id, change);
}

/**
 * A route's use case that takes the change from its body.
 * @param names of the body's fields, if the change has others
 */
export function changingTo<B>(toChange: (body: B) => Change, names: FieldNames = new Map()) {
  return (ctx: UserContext, { params, body }: ById & { body: B }): Promise<Conversation> =>
    named(names, changeConversation(ctx, params.id, toChange(body)));
}

/** What it resolves to; its errors name fields as the caller did. */
const named = <T>(names: FieldNames, work: Promise<T>): Promise<T> =>
  work.catch((error) => {
    throw renameFields(toAppError(error), names);
  });

/** @throws AppError not_found */
export async function deleteConversation(ctx: UserContext, { params }: ById): Promise<void> {
  await changeConversation(ctx, params.id, { status: "deleted" });
}

/**
 * Ids are changed at once, and so is what a filter finds, up to 500; more than that is a job.
 * @throws AppError invalid_input; rate_limited if the organisation has begun too many jobs
 */
export async function changeMany(
  ctx: UserContext,
  { body: { ids, filter = {}, change, dry_run } }: { body: z.output<typeof bulkChange> },
): Promise<z.output<typeof bulkChanged>> {
  if (ids) {
    const counts = await named(IN_CHANGE, changeAll(ctx, ids, change));
    return { ...counts, matched: counts.changed, matched_is_estimate: false, job: null };
  }
  const answer = await named(IN_CHANGE, changeFound(ctx, filter, change, dry_run));
  return { ...answer, job: answer.job && toJob(answer.job) };
}

const IN_CHANGE: FieldNames = new Map(
  Object.keys(conversationChange.shape).map((field) => [field, `change.${field}`]),
);
const changedByFilter = bulkChanged.extend({ job: z.record(z.string(), z.unknown()).nullable() });

async function changeFound({ db }: UserContext, filter: Filter, change: Change, isDryRun: boolean) {
  return parseAnswer(
    await db.rpc("change_filtered_conversations", {
      p_filter: filter,
      p_change: change,
      p_is_dry_run: isDryRun,
    }),
    changedByFilter,
  );
}

async function changeAll({ db }: UserContext, ids: string[], change: Change) {
  return parseAnswer(await db.rpc("change_conversations", { p_ids: ids, p_change: change }), changedByIds);
}

/** @throws AppError not_found, conversation_claimed if somebody else is writing */
export async function claimConversation(ctx: UserContext, { params }: ById): Promise<Conversation> {
  dataOrThrow(await ctx.db.rpc("claim_conversation", { p_id: params.id, p_is_claimed: true }));
  return await readConversation(ctx, { params });
}

/** @throws AppError not_found, conversation_claimed if it is somebody else's claim */
export async function releaseConversation(ctx: UserContext, { params }: ById): Promise<Conversation> {
  dataOrThrow(await ctx.db.rpc("claim_conversation", { p_id: params.id, p_is_claimed: false }));
  return await readConversation(ctx, { params });
}

/** @throws AppError not_found, invalid_state if the person has written nothing */
export async function classifyConversation(
  ctx: UserContext,
  { params, body }: ById & { body: { class: string } },
): Promise<Conversation> {
  dataOrThrow(await ctx.db.rpc("classify_conversation", { p_id: params.id, p_class: body.class }));
  return await readConversation(ctx, { params });
}
