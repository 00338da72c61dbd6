// Checks a service's settings: its URL may be called, its request uses only known placeholders, and its map suits its kind.
import type { z } from "zod";
import { placeholdersOf } from "../../_shared/enrichment/build-request.ts";
import { PARCEL_FIELDS, PHONE_FIELDS } from "../../_shared/enrichment/service.ts";
import type { Environment } from "../../_shared/environment/environment.ts";
import { refuseUrl } from "../../_shared/external/check-address.ts";
import { type FieldError, validationError } from "../../_shared/http/app-error.ts";
import { twilioApiUrl } from "../../_shared/twilio/api-url.ts";
import { isLoopbackUrl } from "../../_shared/twilio/is-loopback-url.ts";
import { parcelMap, type ServiceChanges, scrubMap } from "./schemas.ts";

/** Services on this machine may be called only if Twilio's API is on it too: then it is a simulator. */
export const allowsLoopback = (env: Environment): boolean => isLoopbackUrl(twilioApiUrl(env));

/** @throws AppError invalid_input naming every setting that is wrong */
export function checkService(env: Environment, kind: "property" | "scrub", given: ServiceChanges): void {
  const errors: FieldError[] = [];
  const refusal = given.url === undefined ? null : refuseUrl(given.url, allowsLoopback(env));
  if (refusal) errors.push({ field: "url", message: refusal });
  if (given.request) errors.push(...checkRequest(kind, given.request));
  if (given.field_map) {
    const map: z.ZodType = kind === "property" ? parcelMap : scrubMap;
    for (const issue of map.safeParse(given.field_map).error?.issues ?? []) {
      errors.push({ field: ["field_map", ...issue.path].join("."), message: issue.message });
    }
  }
  if (errors.length > 0) throw validationError(errors);
}

function checkRequest(kind: "property" | "scrub", request: Record<string, unknown>): FieldError[] {
  const known: readonly string[] = kind === "property" ? PARCEL_FIELDS : PHONE_FIELDS;
  const asked = placeholdersOf(request);
  const stray = asked.filter((name) => !known.includes(name));
  const choice = known.map((name) => `{${name}}`).join(", ");
  if (stray.length > 0) return [{ field: "request", message: `There is no {${stray[0]}}: use ${choice}.` }];
  return asked.length === 0 ? [{ field: "request", message: `It asks about nothing: use ${choice}.` }] : [];
}
