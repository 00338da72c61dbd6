// Who may do what with the files of a bucket: the service alone, unless a role is named. Every file lies in a folder named
// after its organisation.
import type { SupabaseClient } from "@supabase/supabase-js";

export interface BucketExpectation {
  /** Whether files are served without a check of the caller. */
  public: boolean;
}

// Imports are put there and read by the functions, which check role and organisation first.
// Exports are put there by the worker; the functions sign links to them for people who may have them. So it is with pictures and
// files of messages; those that people of the organisation upload are put there by the functions.
export const BUCKETS: Record<string, BucketExpectation> = {
  exports: { public: false },
  imports: { public: false },
  media: { public: false },
};

/** An attempt to reach or change a file. @returns whether it succeeded */
export type FileAttempt = (client: SupabaseClient, bucket: string, path: string) => Promise<boolean>;

const worked = ({ data, error }: { data: unknown; error: unknown }) =>
  !error && data !== null && data !== false && !(Array.isArray(data) && data.length === 0);
const content = () => new Blob(["changed"], { type: "text/csv" });
const folderOf = (path: string) => path.split("/")[0] as string;

export const FILE_ATTEMPTS: Record<string, FileAttempt> = {
  "lists the folder": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).list(folderOf(path))),
  "downloads the file": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).download(path)),
  "reads its size": async (client, bucket, path) => worked(await client.storage.from(bucket).info(path)),
  "signs a link to it": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).createSignedUrl(path, 60)),
  "reads it as a public file": async (client, bucket, path) =>
    (await fetch(client.storage.from(bucket).getPublicUrl(path).data.publicUrl)).ok,
  "adds a file beside it": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).upload(`${path}.new`, content())),
  "writes over it": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).upload(path, content(), { upsert: true })),
  "replaces it": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).update(path, content())),
  "signs an upload": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).createSignedUploadUrl(`${path}.signed`)),
  "copies it": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).copy(path, `${path}.copy`)),
  "moves it": async (client, bucket, path) =>
    worked(await client.storage.from(bucket).move(path, `${path}.moved`)),
  "removes it": async (client, bucket, path) => worked(await client.storage.from(bucket).remove([path])),
};

export const BUCKET_ATTEMPTS: Record<string, (client: SupabaseClient, bucket: string) => Promise<boolean>> = {
  "lists buckets": async (client) => worked(await client.storage.listBuckets()),
  "reads the bucket": async (client, bucket) => worked(await client.storage.getBucket(bucket)),
  "makes a bucket": async (client, bucket) => worked(await client.storage.createBucket(`${bucket}-more`)),
  "makes it public": async (client, bucket) =>
    worked(await client.storage.updateBucket(bucket, { public: true })),
  "empties it": async (client, bucket) => worked(await client.storage.emptyBucket(bucket)),
  "deletes it": async (client, bucket) => worked(await client.storage.deleteBucket(bucket)),
};
