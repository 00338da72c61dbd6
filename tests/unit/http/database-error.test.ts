// The answer to an error of the database: the SQLSTATE decides, and no contents of rows are revealed.
import { describe, expect, it } from "vitest";
import {
  fromDatabaseError,
  isDatabaseError,
} from "../../../supabase/functions/_shared/http/database-error.ts";

const translate = (code: string, message = "", details: string | null = null, hint: string | null = null) =>
  fromDatabaseError({ code, message, details, hint });

describe("an error that our SQL raised", () => {
  it("keeps its sentence, its word and its details", () => {
    const error = translate("PT404", "There is no such campaign.", '{"id":"7"}', "not_found");
    expect(error).toMatchObject({
      status: 404,
      code: "not_found",
      message: "There is no such campaign.",
      details: { id: "7" },
    });
  });

  it.each([
    ["PT400", "malformed_request"],
    ["PT403", "forbidden"],
    ["PT404", "not_found"],
    ["PT409", "conflict"],
    ["PT422", "invalid_input"],
    ["PT429", "rate_limited"],
    ["PT503", "try_again"],
  ])("as %s with a word that is not in the list gets the word of its status, %s", (sqlstate, code) => {
    expect(translate(sqlstate, "So.", null, "made_up")).toMatchObject({
      status: Number(sqlstate.slice(2)),
      code,
      details: null,
    });
  });

  it("with a code word of another status gets the word of its own status", () => {
    expect(translate("PT409", "So.", null, "not_found")).toMatchObject({ status: 409, code: "conflict" });
  });

  it.each(["", "{}", "[1]", "not JSON", "null"])("with details %j has none", (details) => {
    expect(translate("PT409", "So.", details).details).toBeNull();
  });
});

describe("an error of Postgres or PostgREST", () => {
  it.each([
    ["23505", 409, "duplicate"],
    ["23502", 422, "invalid_input"],
    ["23514", 422, "invalid_input"],
    ["22P02", 422, "invalid_input"],
    ["22P05", 422, "invalid_input"],
    ["22001", 422, "invalid_input"],
    ["22003", 422, "invalid_input"],
    ["22007", 422, "invalid_input"],
    ["42501", 403, "forbidden"],
    ["40001", 503, "try_again"],
    ["40P01", 503, "try_again"],
    ["55P03", 503, "try_again"],
    ["57014", 503, "database_timeout"],
    ["57P01", 503, "database_unavailable"],
    ["53300", 503, "database_unavailable"],
    ["08006", 503, "database_unavailable"],
    ["PGRST001", 503, "database_unavailable"],
    ["CONNECTION_CLOSED", 503, "database_unavailable"],
    ["ECONNREFUSED", 503, "database_unavailable"],
    ["", 503, "database_unavailable"],
    ["PGRST116", 404, "not_found"],
    ["PGRST301", 401, "token_invalid"],
    ["PGRST303", 401, "token_expired"],
    ["PGRST202", 500, "internal_error"],
    ["P0001", 500, "internal_error"],
    ["42P01", 500, "internal_error"],
    ["XX000", 500, "internal_error"],
  ])("with code %j is answered %i %s", (sqlstate, status, code) => {
    expect(translate(sqlstate, "something internal")).toMatchObject({ status, code });
    expect(translate(sqlstate, "something internal").message).not.toContain("internal ");
  });

  it("names the columns of a duplicate and never their values", () => {
    const detail =
      "Key (org_id, lower(e164))=(0b9f5a36-6f0f-4bb6-8d4a-5d3b1d1c9a01, +15125550100) already exists.";
    const error = translate("23505", 'duplicate key value violates unique constraint "x"', detail);
    expect(error).toMatchObject({
      message: "There is already a record with the same e164.",
      details: { columns: ["e164"] },
    });
    expect(JSON.stringify([error.message, error.details])).not.toContain("5125550100");
  });

  it("distinguishes a reference to a missing row from a row still in use", () => {
    const missing = translate("23503", "...", 'Key (campaign_id)=(7) is not present in table "campaigns".');
    expect(missing).toMatchObject({ status: 422, details: { errors: [{ field: "campaign_id" }] } });
    const used = translate("23503", "...", 'Key (id)=(7) is still referenced from table "messages".');
    expect(used).toMatchObject({ status: 409, code: "still_referenced" });
  });

  it("names the column that must be filled", () => {
    const error = translate(
      "23502",
      'null value in column "name" of relation "campaigns" violates not-null constraint',
    );
    expect(error.details).toEqual({ errors: [{ field: "name", message: "name is required." }] });
  });

  it("keeps the original error for the log only", () => {
    const thrown = { code: "XX000", message: "something internal" };
    expect(fromDatabaseError(thrown).cause).toBe(thrown);
  });

  it("is distinguished from errors of the program", () => {
    expect(isDatabaseError({ code: "23505", message: "", details: "", hint: "" })).toBe(true);
    expect(isDatabaseError(Object.assign(new Error("x"), { code: "40001" }))).toBe(true);
    expect(isDatabaseError(Object.assign(new Error("x"), { code: "ECONNREFUSED" }))).toBe(true);
    expect(isDatabaseError(Object.assign(new Error("x"), { code: "ERR_INVALID_ARG_TYPE" }))).toBe(false);
    expect(isDatabaseError(new TypeError("x is undefined"))).toBe(false);
    expect(isDatabaseError(undefined)).toBe(false);
  });
});
