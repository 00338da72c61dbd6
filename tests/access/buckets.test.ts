// Every storage bucket: every kind of caller tries files of its own organisation and of another, and the bucket itself.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { BUCKET_ATTEMPTS, BUCKETS, FILE_ATTEMPTS } from "./buckets.ts";
import { buildWorld, type World } from "./build-world.ts";
import type { Side } from "./fill-org.ts";
import { readBuckets } from "./read-catalog.ts";

const stack = inject("stack");
const found = await readBuckets(stack);

let world: World;
beforeAll(async () => {
  world = await buildWorld(stack);
});
afterAll(() => world?.close());

it("has an expectation for every bucket, and a bucket for every expectation", () => {
  expect(found).toEqual(Object.entries(BUCKETS).map(([id, expectation]) => ({ id, ...expectation })));
});

describe.each(found.map(({ id }) => id))("%s", (bucket) => {
  const storeIn = async (side: Side) => {
    const path = `${side.id}/wall.csv`;
    const { error } = await world.service.storage
      .from(bucket)
      .upload(path, new Blob(["kept"]), { upsert: true });
    if (error) throw error;
    return path;
  };
  /** Files of both organisations and all buckets, as one value. */
  const fingerprint = async () => {
    const { sql, ours, theirs } = world;
    const [files, buckets] = await Promise.all([
      sql`select * from storage.objects where split_part(name, '/', 1) in (${ours.id}, ${theirs.id}) order by name`,
      sql`select * from storage.buckets order by id`,
    ]);
    return JSON.stringify([files, buckets]);
  };

  it("keeps its files from everybody but the service, own or another organisation's", async () => {
    const paths = [await storeIn(world.ours), await storeIn(world.theirs)];
    const before = await fingerprint();
    const opened = await Promise.all(
      world.actors.flatMap(({ name, client }) =>
        paths.flatMap((path, i) =>
          Object.entries(FILE_ATTEMPTS).map(async ([what, attempt]) =>
            (await attempt(client, bucket, path)) ? [`${name} ${what}, ${i === 0 ? "own" : "other"}`] : [],
          ),
        ),
      ),
    );
    expect(opened.flat()).toEqual([]);
    expect(await fingerprint()).toBe(before);
    for (const path of paths) {
      const { data } = await world.service.storage.from(bucket).download(path);
      expect(await data?.text()).toBe("kept");
    }
  });

  it("can't be reached itself by anybody", async () => {
    const before = await fingerprint();
    const opened = await Promise.all(
      world.actors.flatMap(({ name, client }) =>
        Object.entries(BUCKET_ATTEMPTS).map(async ([what, attempt]) =>
          (await attempt(client, bucket)) ? [`${name} ${what}`] : [],
        ),
      ),
    );
    expect(opened.flat()).toEqual([]);
    expect(await fingerprint()).toBe(before);
  });

  it("is open to the service, by the same attempts", async () => {
    for (const [what, attempt] of Object.entries(FILE_ATTEMPTS)) {
      const path = await storeIn(world.ours);
      const isPublic = what === "reads it as a public file";
      expect(await attempt(world.service, bucket, path), what).toBe(!isPublic);
      await world.service.storage
        .from(bucket)
        .remove(["new", "copy", "moved"].map((end) => `${path}.${end}`));
    }
  });
});
