// Asks a service about one parcel or some phones, and returns what it said: for the worker, and for the test call of an admin.
import { callExternal, type ExternalAnswer, readJson } from "../external/call-external.ts";
import { exchangePinned } from "../external/exchange-pinned.ts";
import { ExternalError } from "../external/external-error.ts";
import type { FindCounty } from "../leads/find-county.ts";
import { buildRequest, type TemplateValues } from "./build-request.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { mapParcel } from "./map-parcel.ts";
import { mapScrub, type ScrubResult } from "./map-scrub.ts";
import type { EnrichmentService, ParcelFields, PropertyService, ScrubService } from "./service.ts";

/** One call, as private.record_enrichments takes it in p_exchanges. */
export interface Exchange {
  status: number | null;
  reason: string | null;
  /** The beginning of the answer. */
  answer: string | null;
}

/** How much of an answer is kept, for people to look into. */
const KEPT_CHARS = 16_000;

/** @param exchange filled in on the way, even if this throws. @throws ExternalError */
export async function askAboutParcel(
  service: PropertyService,
  parcel: ParcelFields,
  { allowsLoopback, findCounty }: { allowsLoopback: boolean; findCounty: FindCounty },
  exchange: Exchange,
): Promise<Partial<ParcelFields>> {
  return await withoutSecrets(service, async () => {
    const answer = await ask(service, { ...parcel }, allowsLoopback, exchange);
    if (answer.status === 404 || answer.status === 410)
      throw new ExternalError("skipped", `The service knows no such parcel (HTTP ${answer.status}).`);
    return await mapParcel(readOk(answer), service.field_map, parcel, findCounty);
  });
}

/** @param exchange filled in on the way, even if this throws. @throws ExternalError */
export async function askAboutPhones(
  service: ScrubService,
  phones: readonly string[],
  allowsLoopback: boolean,
  exchange: Exchange,
): Promise<Map<string, ScrubResult>> {
  const values = { phones: [...phones], phones10: phones.map((e164) => e164.slice(2)) };
  return await withoutSecrets(service, async () => {
    const answer = await ask(service, values, allowsLoopback, exchange);
    return mapScrub(readOk(answer), service.field_map, phones);
  });
}

/** Hides secrets in the reason of an error: viewers read it, and a service may repeat in its answer what it was sent. */
async function withoutSecrets<T>(service: EnrichmentService, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ExternalError)) throw error;
    const { outcome, retryAfter, isCharged } = error;
    const options = { isCharged, ...(retryAfter !== undefined && { retryAfter }) };
    throw new ExternalError(outcome, hideSecrets(service, error.message, KEPT_CHARS), options);
  }
}

async function ask(
  service: EnrichmentService,
  values: TemplateValues,
  allowsLoopback: boolean,
  exchange: Exchange,
): Promise<ExternalAnswer> {
  const { url, init } = buildRequest(service, values);
  const answer = await callExternal(url, init, service.timeout_ms, exchangePinned({ allowsLoopback }));
  exchange.status = answer.status;
  // Postgres can't store NUL.
  exchange.answer = hideSecrets(service, answer.text, KEPT_CHARS).replaceAll("\0", "");
  return answer;
}

function readOk({ status, text }: ExternalAnswer): unknown {
  if (status >= 400) throw new ExternalError("retry", `It does not understand our request (HTTP ${status}).`);
  return readJson(text);
}
