// Works off the queue of enrichments: a batch of parcels or phones of one service after another, for as long as the budget lasts.
import type { Direct } from "../../_shared/db/direct.ts";
import { retryPassingErrors } from "../../_shared/db/retry-passing-errors.ts";
import { askAboutParcel, askAboutPhones, type Exchange } from "../../_shared/enrichment/ask-service.ts";
import type { EnrichmentService, ParcelFields } from "../../_shared/enrichment/service.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import type { Log } from "../../_shared/http/log.ts";
import { countyFinder } from "../../_shared/leads/find-county.ts";
import { askBatch, type ExternalBatch, type ExternalResult } from "../external/ask-batch.ts";
import type { CallBudget } from "../external/call-budget.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";

interface EnrichmentBatch extends ExternalBatch {
  service: EnrichmentService;
  /** By the parcel's id, which is the subject of its call. */
  parcels: Record<string, ParcelFields>;
}

export interface DrainEnrichmentsDeps {
  /** A direct connection that may execute the functions of enrichments. */
  sql: Direct;
  /** Whether services on this machine may be called: only if Twilio is a simulator on it. */
  allowsLoopback: boolean;
  log: Log;
  budget: CallBudget;
}

const BATCH = 50;
/** Calls to a service at once: a small service must not be overrun. */
const CONCURRENCY = 5;

/** @returns how many calls were made. Killing this loses nothing: a batch comes again after two minutes. */
export async function drainEnrichments(deps: DrainEnrichmentsDeps): Promise<number> {
  const { sql, budget } = deps;
  let made = 0;
  while (budget.callsLeft() > 0) {
    const [row] = await retryPassingErrors(
      () => sql<{ batch: EnrichmentBatch | null }[]>`select private.claim_enrichments(${BATCH}) as batch`,
    );
    if (!row?.batch) break;
    const { batch } = row;
    if (batch.calls.length === 0) continue;
    made += await suspectGate
      .run(batch.is_suspect === true, () => askService(batch, deps))
      .catch((error) => {
        // It comes again by itself, call by call; the others do not wait for it.
        deps.log.error("a batch of enrichments could not be recorded", {
          service: batch.service_id,
          error: describeCause(error),
        });
        return batch.calls.length;
      });
  }
  return made;
}

async function askService(
  batch: EnrichmentBatch,
  { sql, allowsLoopback, log, budget }: DrainEnrichmentsDeps,
): Promise<number> {
  const { service, parcels, calls } = batch;
  const exchanges: (Exchange & { subjects: string[] })[] = [];
  const size = service.kind === "scrub" ? service.batch_size : 1;
  const items = groupsOf(
    calls.map(({ subject }) => subject),
    size,
  );
  const results = await askBatch<string[]>(items, {
    concurrency: CONCURRENCY,
    shouldStop: () => budget.callsLeft() === 0,
    subjectsOf: (subjects) => subjects,
    log,
    ask: async (subjects) => {
      budget.spend();
      const exchange = { subjects, status: null, reason: null, answer: null } as Exchange & {
        subjects: string[];
      };
      exchanges.push(exchange);
      try {
        if (service.kind === "scrub") {
          const found = await askAboutPhones(service, subjects, allowsLoopback, exchange);
          return subjects.map((subject): ExternalResult => {
            const answer = found.get(subject);
            if (answer !== undefined) return { subject, outcome: "done", answer };
            return { subject, outcome: "retry", error: "Its answer does not name this phone." };
          });
        }
        const [subject = ""] = subjects;
        const parcel = parcels[subject] as ParcelFields;
        const means = { allowsLoopback, findCounty: countyFinder(sql) };
        const answer = await askAboutParcel(service, parcel, means, exchange);
        return [{ subject, outcome: "done", answer }];
      } catch (error) {
        exchange.reason = error instanceof Error ? error.message : String(error);
        throw error;
      }
    },
  });
  const kept = exchanges.filter(({ status, reason }) => status !== null || reason !== null);
  const claimed = { ...batch, service: undefined, parcels: undefined };
  await retryPassingErrors(
    () => sql`
      select private.record_enrichments(
        ${sql.json(claimed as never)}, ${sql.json(results as never)}, ${sql.json(kept as never)})`,
  );
  const failed = results.filter(({ outcome }) => !["done", "skipped", "not_asked"].includes(outcome));
  if (failed.length > 0)
    log.warn("enrichments failed", {
      service: service.id,
      failed: failed.length,
      reason: failed.at(-1)?.error,
    });
  return exchanges.length;
}

function groupsOf(subjects: string[], size: number): string[][] {
  const groups: string[][] = [];
  for (let i = 0; i < subjects.length; i += size) groups.push(subjects.slice(i, i + size));
  return groups;
}
