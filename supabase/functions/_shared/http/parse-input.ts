// Turns a request into the input its route declared, or into an error that names the field and the remedy.
import type { z } from "zod";
import { AppError, type FieldError, validationError } from "./app-error.ts";
import { DEFAULT_MAX_BODY_BYTES, type RequestSchemas, type Route } from "./declared-route.ts";
import { describeIssue } from "./describe-issue.ts";
import { formFields, readForm, readJson } from "./read-body.ts";
import { readQuery } from "./read-query.ts";

/**
 * Order: path, query, body; the body is not read if the others are wrong.
 * @param form the body of a form, if it was read before
 * @throws AppError 400 malformed path or body, 413, 415, 422 with details.errors
 */
export async function parseInput(
  route: Route,
  request: Request,
  params: Record<string, string>,
  form?: URLSearchParams,
): Promise<Record<string, unknown>> {
  const schemas: RequestSchemas = route.request ?? {};
  const maxBytes = route.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  const input: Record<string, unknown> = {};
  if (schemas.params) input.params = parseParams(schemas.params, params);
  if (schemas.query) input.query = parseValue(schemas.query, readQuery(new URL(request.url), schemas.query));
  if (schemas.body) {
    const mayBeEmpty = schemas.body.safeParse(undefined).success;
    input.body = parseValue(schemas.body, await readJson(request, maxBytes, mayBeEmpty));
  }
  if (schemas.form)
    input.form = parseValue(schemas.form, formFields(request, form ?? (await readForm(request, maxBytes))));
  return input;
}

/** A wrong path is a malformed request (400), not a wrong field (422). */
function parseParams(schema: z.ZodObject, params: Record<string, string>): unknown {
  try {
    return parseValue(schema, params);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(
      "malformed_request",
      `The path of the URL is invalid: ${error.message}`,
      error.details,
    );
  }
}

/** @throws AppError invalid_input naming every wrong field */
export function parseValue(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value, { error: describeIssue });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(fieldErrors);
  throw validationError(errors);
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const at = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const field = at ? `${at}.${key}` : key;
      return { field, message: `${field} is not a field of this request.` };
    });
  }
  const field = at || "body";
  return [{ field, message: withName(field, issue.message) }];
}

/** Puts the field's name before a schema's own message without it: "must be one line.", or a whole sentence. */
function withName(field: string, message: string): string {
  if (message.startsWith(`${field} `)) return message;
  return /^[a-z]/.test(message) ? `${field} ${message}` : `${field}: ${message}`;
}
