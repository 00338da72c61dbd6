// Works off the queue of files that people sent: several at a time, two of an organisation at most, so that one whose files hang
// holds up no other.
import type { Direct } from "../../_shared/db/direct.ts";
import type { Dropped } from "../../_shared/drain/dropped.ts";
import { takeTurn } from "../../_shared/drain/take-turn.ts";
import { exchangePinned } from "../../_shared/external/exchange-pinned.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import { twilioApiUrl } from "../../_shared/twilio/api-url.ts";
import { isLoopbackUrl } from "../../_shared/twilio/is-loopback-url.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";
import type { DrainMediaDeps } from "./drain-media-deps.ts";
import type { MediaWork } from "./media-work.ts";
import { runMediaWork } from "./run-media-work.ts";

/** Six files of 5 MiB, each held twice, are a quarter of an isolate's memory. */
const AT_ONCE = 6;
const OF_ONE_ORG = 2;
/** How soon it looks for more while files are under way. */
const LOOK_AGAIN_MS = 250;

/** @returns how many were done. Killing this loses nothing: each comes again after a minute */
export async function drainMedia(deps: DrainMediaDeps): Promise<number> {
  const apiUrl = twilioApiUrl(deps.env);
  const means = { ...deps, apiUrl, exchange: exchangePinned({ allowsLoopback: isLoopbackUrl(apiUrl) }) };
  const running = new Set<Promise<void>>();
  const ofOrg = new Map<string, number>();
  let done = 0;
  for (;;) {
    if (running.size >= AT_ONCE) await Promise.race(running);
    const end = deps.begin();
    if (!end) break;
    const work = await claim(deps.sql).catch(async (error) => {
      end();
      await Promise.all(running);
      throw error;
    });
    if (work === null || "dropped" in work) {
      end();
      if (work === null && running.size === 0) break;
      if (work === null) await soon(running);
      continue;
    }
    const { org_id } = work;
    if ((ofOrg.get(org_id) ?? 0) >= OF_ONE_ORG) {
      end();
      await deps.sql`select private.postpone_media(${work.work_id}, ${"media_id" in work ? work.media_id : null})`;
      await soon(running);
      continue;
    }
    ofOrg.set(org_id, (ofOrg.get(org_id) ?? 0) + 1);
    const task = suspectGate
      .run(work.read_count > 1, () =>
        takeTurn(deps, { queue: "media", orgId: org_id }, () => runMediaWork(work, means)),
      )
      .catch((error) => {
        // It comes again by itself, later each time; the others do not wait for it.
        deps.log.error("a file could not be settled", { org: org_id, error: describeCause(error) });
      })
      .then(() => {
        done += 1;
        running.delete(task);
        ofOrg.set(org_id, (ofOrg.get(org_id) ?? 1) - 1);
        end();
      });
    running.add(task);
  }
  await Promise.all(running);
  return done;
}

async function claim(sql: Direct): Promise<MediaWork | Dropped | null> {
  const [row] = await sql<{ work: MediaWork | Dropped | null }[]>`select private.claim_media() as work`;
  return row?.work ?? null;
}

async function soon(running: Set<Promise<void>>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LOOK_AGAIN_MS);
  });
  await Promise.race([pause, ...running]);
  clearTimeout(timer);
}
