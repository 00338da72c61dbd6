// Asks a service about one sample and shows what would be kept of its answer. Nothing is written, nothing charged.
import type { z } from "zod";
import { connectDirect } from "../../_shared/db/direct.ts";
import { askAboutParcel, askAboutPhones, type Exchange } from "../../_shared/enrichment/ask-service.ts";
import type { EnrichmentService } from "../../_shared/enrichment/service.ts";
import { ExternalError } from "../../_shared/external/external-error.ts";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { countyFinder, type FindCounty } from "../../_shared/leads/find-county.ts";
import { parsePhone } from "../../_shared/sms/parse-phone.ts";
import { allowsLoopback } from "./check-service.ts";
import type { testInput, testResult } from "./schemas.ts";

/** @throws AppError not_found, or invalid_input if the sample is not of the service's kind */
export async function testService(
  { env, user }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof testInput> },
): Promise<z.output<typeof testResult>> {
  // No user may read the secret, so this reads with the worker's rights, for the caller's organisation only.
  const sql = connectDirect(env, "leads test call");
  const [row] = await sql<{ service: EnrichmentService | null }[]>`
    select private.service_to_test(${user.orgId}, ${params.id}) as service`;
  const service = row?.service;
  if (!service)
    throw new AppError("not_found", "There is no service with this id.", { service_id: params.id });
  const exchange: Exchange = { status: null, reason: null, answer: null };
  const means = { allowsLoopback: allowsLoopback(env), findCounty: countyFinder(sql) };
  const ask = prepare(service, body, means, exchange);
  const begunAt = performance.now();
  let found: Record<string, unknown> = {};
  let problem: string | null = null;
  try {
    found = await ask();
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    problem = error.message;
  }
  return {
    is_ok: problem === null,
    problem,
    http_status: exchange.status,
    answer: exchange.answer,
    found,
    ms: Math.round(performance.now() - begunAt),
  };
}

function prepare(
  service: EnrichmentService,
  { parcel, phones }: z.output<typeof testInput>,
  means: { allowsLoopback: boolean; findCounty: FindCounty },
  exchange: Exchange,
): () => Promise<Record<string, unknown>> {
  if (service.kind === "property") {
    if (!parcel) throw validationError([{ field: "parcel", message: "Give a parcel to ask about." }]);
    return async () => ({ ...(await askAboutParcel(service, parcel, means, exchange)) });
  }
  if (!phones) throw validationError([{ field: "phones", message: "Give phones to ask about." }]);
  const asked = phones.map((text, i) => {
    const parsed = parsePhone(text);
    if (!parsed.ok) throw validationError([{ field: `phones.${i}`, message: parsed.message }]);
    return parsed.e164;
  });
  return async () => Object.fromEntries(await askAboutPhones(service, asked, means.allowsLoopback, exchange));
}
