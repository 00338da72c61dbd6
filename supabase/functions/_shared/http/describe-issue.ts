// Says what is wrong with a field, in a sentence that names the field and says what would be right.
import type { z } from "zod";

/** The error map given to every parse. A message in the schema itself wins over these. */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  const field = issue.path?.map(String).join(".") || "body";
  return `${field} ${sentence(issue)}.`;
}

const UNIT: Record<string, [string, string]> = {
  string: ["character", "characters"],
  array: ["item", "items"],
  set: ["item", "items"],
  file: ["byte", "bytes"],
};

const KIND: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  date: "a date",
  file: "a file",
};

const FORMAT: Record<string, string> = {
  uuid: "a uuid",
  guid: "a uuid",
  email: "an e-mail address",
  url: "a URL",
  datetime: "a time such as 2026-01-31T13:00:00Z",
  date: "a date such as 2026-01-31",
  time: "a time of day such as 08:00",
  e164: "a phone number such as +15125550100",
};

function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is required";
      return `must be ${KIND[issue.expected] ?? issue.expected}`;
    case "too_small":
      return bound(issue.origin, issue.minimum, issue.inclusive ? "at least" : "more than");
    case "too_big":
      return bound(issue.origin, issue.maximum, issue.inclusive ? "at most" : "less than");
    case "invalid_format":
      return `must be ${FORMAT[issue.format] ?? `of the form ${issue.pattern ?? issue.format}`}`;
    case "invalid_value":
      return issue.input === undefined
        ? "is required"
        : `must be one of: ${issue.values.map(String).join(", ")}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_union":
      return issue.input === undefined ? "is required" : unionSentence(issue);
    case "unrecognized_keys":
      return `has unknown fields: ${issue.keys.join(", ")}`;
    case "invalid_key":
    case "invalid_element":
      return "holds something of the wrong form";
    default:
      return "is invalid";
  }
}

/** If one field tells the forms apart (a discriminator), the issue is about that field. */
function unionSentence(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { discriminator, options, input } = issue as {
    discriminator?: string;
    options?: unknown[];
    input?: unknown;
  };
  if (discriminator === undefined || options === undefined) return "has none of the allowed forms";
  const given = (input as Record<string, unknown> | null)?.[discriminator];
  return given === undefined ? "is required" : `must be one of: ${options.map(String).join(", ")}`;
}

function bound(origin: string, limit: number | bigint, relation: string): string {
  const unit = UNIT[origin];
  if (unit === undefined) return `must be ${relation} ${limit}`;
  return `must have ${relation} ${limit} ${Number(limit) === 1 ? unit[0] : unit[1]}`;
}
