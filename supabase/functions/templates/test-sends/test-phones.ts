// Test phones: the phones of an organisation's own people, confirmed by a code.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import { readPhone } from "../../_shared/http/read-phone.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import {
  type confirmInput,
  TEST_PHONE_COLUMNS,
  type TestPhone,
  testPhone,
  type testPhoneInput,
} from "./schemas.ts";

type WithId = { params: { id: string } };

/** In the order in which they were added. */
export async function listTestPhones(
  { db, user }: UserContext,
  { query }: { query: { page?: number; limit: number; skip?: number } },
): Promise<ListResult<TestPhone>> {
  const page = pageOf(query);
  const answer = await db
    .from("test_phones")
    .select(TEST_PHONE_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("created_at")
    .order("id")
    .range(page.offset, page.offset + page.limit - 1);
  return { data: parseAnswer(answer, testPhone.array()), pagination: pagination(page, answer.count ?? 0) };
}

async function getTestPhone({ db, user }: UserContext, id: string): Promise<TestPhone> {
  const answer = await db
    .from("test_phones")
    .select(TEST_PHONE_COLUMNS)
    .eq("org_id", user.orgId)
    .eq("id", id)
    .maybeSingle();
  const row = parseAnswer(answer, testPhone.nullable());
  if (!row) throw new AppError("not_found", "There is no test phone with this id.", { id });
  return row;
}

/** @throws AppError duplicate, opted_out, outside_hours, rate_limited; invalid_state for more than 20; invalid_input */
export async function addTestPhone(
  ctx: UserContext,
  { body }: { body: z.output<typeof testPhoneInput> },
): Promise<TestPhone> {
  const id = dataOrThrow(
    await ctx.db.rpc("add_test_phone", {
      p_e164: readPhone("phone", body.phone),
      ...(body.label && { p_label: body.label }),
    }),
  );
  return getTestPhone(ctx, id);
}

/** @throws AppError not_found, invalid_state if it is confirmed, rate_limited */
export async function resendCode(ctx: UserContext, { params }: WithId): Promise<TestPhone> {
  dataOrThrow(await ctx.db.rpc("resend_test_code", { p_test_phone_id: params.id }));
  return getTestPhone(ctx, params.id);
}

/** @throws AppError not_found, invalid_state if the code is old or was tried too often, invalid_input for a wrong code */
export async function confirmTestPhone(
  ctx: UserContext,
  { params, body }: WithId & { body: z.output<typeof confirmInput> },
): Promise<TestPhone> {
  const { confirmed, tries_left } = dataOrThrow(
    await ctx.db.rpc("confirm_test_phone", { p_test_phone_id: params.id, p_code: body.code }),
  ) as { confirmed: boolean; tries_left: number | null };
  if (!confirmed)
    throw validationError([
      { field: "code", message: `This is not the code that was sent. Tries left: ${tries_left}.` },
    ]);
  return getTestPhone(ctx, params.id);
}

/** @throws AppError not_found */
export async function removeTestPhone({ db }: UserContext, { params }: WithId): Promise<void> {
  dataOrThrow(await db.rpc("remove_test_phone", { p_test_phone_id: params.id }));
}
