// Does one piece of work of the queue of files, and records what became of it.
import { describeCause } from "../../_shared/http/describe-cause.ts";
import { storedType } from "../../_shared/media/detect-type.ts";
import { hashBytes } from "../../_shared/media/hash-bytes.ts";
import { findTwilioAccount } from "../../_shared/twilio/find-account.ts";
import type { DrainMediaDeps } from "./drain-media-deps.ts";
import { type FetchMeans, fetchMedia } from "./fetch-media.ts";
import { forgetCopies } from "./forget-copies.ts";
import type { CopiesToForget, FileToFetch, MediaWork } from "./media-work.ts";

type Means = DrainMediaDeps & FetchMeans;

/** What private.settle_media takes. */
interface Settled {
  outcome: "stored" | "refused" | "retry";
  reason?: string;
  type?: string;
  bytes?: number;
  sha256?: string;
}

/** @throws the database's error: then the work comes again */
export async function runMediaWork(work: MediaWork, means: Means): Promise<void> {
  if ("message_sid" in work) return await forget(work, means);
  const settled = await fetchAndStore(work, means);
  const { outcome, reason = null, type = null, bytes = null, sha256 = null } = settled;
  const [row] = await means.sql<{ state: string }[]>`
    select private.settle_media(
      ${work.work_id}, ${work.org_id}, ${work.media_id}, ${outcome}, ${reason}, ${type}, ${bytes}, ${sha256}) as state`;
  if (outcome !== "stored")
    means.log.warn("a file was not fetched", { media: work.media_id, state: row?.state, reason });
}

async function fetchAndStore(work: FileToFetch, means: Means): Promise<Settled> {
  const { storage } = means;
  const account = work.account_sid === null ? null : await findTwilioAccount(means.sql, work.account_sid);
  if (!account)
    return { outcome: "retry", reason: "The organisation has no Twilio account, or no token for it." };
  const fetched = await fetchMedia(work.url, account, means);
  if (fetched.outcome !== "fetched") return fetched;
  const { bytes, is } = fetched;
  means.tookBytes(bytes.length);
  try {
    await means.sql`select private.require_storage(${work.org_id}, ${bytes.length})`;
  } catch (error) {
    if ((error as { hint?: string }).hint !== "storage_full") throw error;
    return { outcome: "retry", reason: "Your organisation's room for files is full." };
  }
  try {
    const file = { kind: "media", orgId: work.org_id, mediaId: work.media_id } as const;
    // A worker that died may have stored it already.
    await storage.upload(file, bytes, storedType(is), { replaces: true });
  } catch (error) {
    means.log.error("a file could not be stored", { media: work.media_id, error: describeCause(error) });
    return { outcome: "retry", reason: "It could not be stored just now." };
  }
  return { outcome: "stored", type: is.type, bytes: bytes.length, sha256: await hashBytes(bytes) };
}

async function forget(work: CopiesToForget, means: Means): Promise<void> {
  let isDeleted = false;
  try {
    const account = await findTwilioAccount(means.sql, work.account_sid);
    if (account) {
      await forgetCopies(means.apiUrl, account, work.message_sid);
      isDeleted = true;
    }
  } catch (error) {
    means.log.warn("Twilio's copies of a file could not be deleted", { error: describeCause(error) });
  }
  await means.sql`
    select private.settle_provider_media(
      ${work.work_id}, ${work.org_id}, ${work.message_sid}, ${work.tries}, ${isDeleted})`;
}
