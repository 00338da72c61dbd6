// Pictures that people of an organisation send: uploaded, attached, posted as an MMS, and fetched by the simulated Twilio.
import { createHash } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import type { MediaFetchEntry, PostEntry } from "twilio-simulator";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { mediaAddress, mediaKey } from "../../supabase/functions/_shared/twilio/media-address.ts";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { type Answer, callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { FILES } from "../fixtures/pictures.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  [org, other] = await Promise.all([
    createOrg(stack, { numbers: 1, roles: ["viewer", "operator"] }),
    createOrg(stack, { numbers: 1 }),
  ]);
  leads = await addLeads(org, 4);
  // Who wrote within a day may be written to at any hour, so the test does not depend on it.
  await org.sql`insert into private.contacts (org_id, e164, last_inbound_at)
    select ${org.id}, e164, now() from public.lead_phones where org_id = ${org.id}
    on conflict (org_id, e164) do update set last_inbound_at = now()`;
});
afterAll(() => Promise.all([org?.close(), other?.close()]));

const inForm = (...files: Buffer[]) => {
  const form = new FormData();
  for (const file of files)
    form.append("file", new Blob([new Uint8Array(file)], { type: "text/plain" }), "a.txt");
  return form;
};
const upload = (file: Buffer, who = org.users.operator): Promise<Answer> =>
  callFunction(stack, who, "POST", "/messages/media", inForm(file));
async function uploadRaw(
  file: Buffer,
  type = "application/x-whatever",
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${stack.FUNCTIONS_URL}/messages/media`, {
    method: "POST",
    headers: { authorization: `Bearer ${org.users.operator?.token}`, "content-type": type },
    body: new Uint8Array(file),
  });
  return { status: answer.status, body: await answer.json() };
}
const hash = (file: Buffer) => createHash("sha256").update(file).digest("hex");
const padded = (file: Buffer, size: number) => Buffer.concat([file, Buffer.alloc(size - file.length)]);
/** Sends a text with files, as send_direct is to do it. @returns the message's id */
async function send(lead: TestLead, body: string, mediaIds: string[]): Promise<string> {
  const claims = JSON.stringify({ sub: org.users.operator?.id, role: "authenticated" });
  return await org.sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${claims}, true)`;
    const [row] =
      await tx`select private.send_direct(${body}, ${lead.e164}, null, null) ->> 'message_id' as id`;
    await tx`select private.attach_media(${org.id}, ${row?.id}, ${mediaIds}::uuid[], now())`;
    return row?.id;
  });
}
const read = async (id: string) =>
  (await callFunction(stack, org.users.viewer, "GET", `/messages/${id}`)).body.data;
const delivered = (id: string) =>
  waitFor(async () => {
    const message = await read(id);
    return message.status === "delivered" && message;
  });
const objectsOf = (paths: string[]) =>
  org.sql`select name from storage.objects where bucket_id = 'media' and name = any (${paths})`;

describe("an upload", () => {
  test.each([
    ["jpeg", "image/jpeg"],
    ["png", "image/png"],
    ["gif", "image/gif"],
  ] as const)(
    "of a %s is taken for what its first bytes say, as a form or as the body",
    async (name, type) => {
      const answer = await upload(FILES[name]);
      expect(answer.status).toBe(201);
      expect(answer.body.data).toMatchObject({
        content_type: type,
        bytes: FILES[name].length,
        sha256: hash(FILES[name]),
      });
      const raw = await uploadRaw(FILES[name]);
      expect(raw).toMatchObject({
        status: 201,
        body: { data: { content_type: type, sha256: hash(FILES[name]) } },
      });
      const link = await callFunction(
        stack,
        org.users.viewer,
        "GET",
        `/messages/media/${answer.body.data.id}`,
      );
      const shown = await fetch(link.body.data.url);
      expect(shown.headers.get("content-type")).toMatch(type);
      expect(Buffer.from(await shown.arrayBuffer())).toEqual(FILES[name]);
    },
  );

  test("is refused for its type, its size, its absence and its caller", async () => {
    for (const name of ["webp", "pdf", "mp4", "html", "svg", "text"] as const) {
      const answer = await uploadRaw(FILES[name], "image/jpeg");
      expect([name, answer.status]).toEqual([name, 415]);
    }
    const largest = padded(FILES.png, 5_242_880);
    expect((await upload(largest)).body.data).toMatchObject({ bytes: 5_242_880, sha256: hash(largest) });
    const large = await upload(padded(FILES.png, 5_242_881));
    expect([large.status, large.body.error.code]).toEqual([413, "payload_too_large"]);
    expect(await uploadRaw(padded(FILES.png, 5_242_881))).toMatchObject({ status: 413 });
    for (const body of [new FormData(), inForm(Buffer.alloc(0)), inForm(FILES.png, FILES.png)]) {
      const answer = await callFunction(stack, org.users.operator, "POST", "/messages/media", body);
      expect([answer.status, fieldsOf(answer)]).toEqual([422, ["file"]]);
    }
    expect((await upload(FILES.png, org.users.viewer)).status).toBe(403);
  });

  test("counts against the organisation's room, and can't be claimed without a file", async () => {
    const { client } = other.users.admin;
    const begun = await client.rpc("begin_media_upload", {
      p_content_type: "image/png",
      p_bytes: 9,
      p_sha256: "0".repeat(64),
    });
    const { id } = begun.data as { id: string };
    const finished = await client.rpc("finish_media_upload", { p_media_id: id });
    expect(finished.error?.hint).toBe("invalid_state");
    await other.sql`insert into private.storage_quotas (org_id, bytes) values (${other.id}, 100)`;
    const full = await upload(padded(FILES.png, 95), other.users.admin);
    expect([full.status, full.body.error.code]).toEqual([409, "storage_full"]);
    await other.sql`update private.storage_quotas set bytes = 1000 where org_id = ${other.id}`;
    expect((await upload(padded(FILES.png, 95), other.users.admin)).status).toBe(201);
  });
});

describe("a text with pictures", () => {
  test("is posted once, as an MMS whose files Twilio can fetch, and costs the price of one", async () => {
    const lead = leads[0] as TestLead;
    const ids = [(await upload(FILES.png)).body.data.id, (await upload(FILES.jpeg)).body.data.id];
    const id = await send(lead, "Look at these pictures. ".repeat(20).trim(), ids);
    expect((await read(id)).media).toMatchObject([
      { id: ids[0], ordinal: 1, state: "stored", content_type: "image/png" },
      { id: ids[1], ordinal: 2, state: "stored", content_type: "image/jpeg" },
    ]);
    const message = await delivered(id);
    expect(message.segments).toBe(1);
    expect(message.cost).toBeCloseTo(0.022 + 0.0045, 5);
    const posts = (await org.simulator.readRecord({ kind: "post", to: lead.e164 })) as PostEntry[];
    expect(posts).toHaveLength(1);
    const [post] = posts as [PostEntry];
    expect(post.sid).toMatch(/^MM/);
    const base = `${stack.FUNCTIONS_URL}/twilio/media`;
    expect(post.media.map((url) => url.split("?")[0])).toEqual(ids.map((one) => `${base}/${one}`));
    const fetched = (await org.simulator.readRecord({
      kind: "media_fetch",
      to: lead.e164,
    })) as MediaFetchEntry[];
    expect(fetched).toMatchObject(
      [
        ["image/png", FILES.png],
        ["image/jpeg", FILES.jpeg],
      ].flatMap(([contentType, file]) => {
        const { length } = file as Buffer;
        return [
          { method: "HEAD", httpStatus: 200, contentType, contentLength: length, bytes: null },
          {
            method: "GET",
            httpStatus: 200,
            contentType,
            contentLength: length,
            bytes: length,
            sha256: hash(file as Buffer),
          },
        ];
      }),
    );
    const [spent] = await org.sql`select private.spent_today(${org.id})::float as spent`;
    expect(spent?.spent).toBeCloseTo(0.0265, 5);
  });

  test("has addresses that are good for an hour, for one file, and for nothing else", async () => {
    const lead = leads[1] as TestLead;
    const ids = [(await upload(FILES.gif)).body.data.id, (await upload(FILES.png)).body.data.id];
    const [first, second] = ids as [string, string];
    const unsent = (await upload(FILES.jpeg)).body.data.id;
    await delivered(await send(lead, "Two pictures", ids));
    const [post] = (await org.simulator.readRecord({ kind: "post", to: lead.e164 })) as [PostEntry];
    const [url = ""] = post.media;
    const good = await fetch(url);
    expect([good.status, good.headers.get("content-type")]).toEqual([200, "image/gif"]);
    expect(good.headers.get("x-content-type-options")).toBe("nosniff");
    const seconds = Number(new URL(url).searchParams.get("e")) - post.receivedAt / 1000;
    expect(seconds).toBeGreaterThan(3_590);
    expect(seconds).toBeLessThanOrEqual(3_600);

    const key = await mediaKey(org.sql as never);
    const signed = (id: string, ahead: number) =>
      mediaAddress(key, stack.FUNCTIONS_URL, id, Math.floor(Date.now() / 1000) + ahead);
    expect((await fetch(await signed(first, 60))).status).toBe(200);
    const inbound = await org.sql`
      insert into public.message_media (org_id, message_id, ordinal, direction, state, content_type, bytes, sha256, path)
      select org_id, id, 9, 'inbound', 'stored', 'image/png', 5, ${"0".repeat(64)}, org_id || '/' || ${first}
      from public.messages where to_number = ${lead.e164} and org_id = ${org.id} limit 1 returning id`;
    const bad = {
      forged: url.replace(/t=./, (start) => (start === "t=A" ? "t=B" : "t=A")),
      "of another file": url.replace(first, second),
      later: url.replace(/e=(\d+)/, (_all, e) => `e=${Number(e) + 1}`),
      unsigned: url.split("?")[0] as string,
      expired: await signed(first, -1),
      "never attached": await signed(unsent, 60),
      inbound: await signed(inbound[0]?.id, 60),
      unknown: await signed("00000000-0000-4000-8000-000000000000", 60),
    };
    for (const [what, address] of Object.entries(bad))
      for (const method of ["GET", "HEAD"])
        expect([what, method, (await fetch(address, { method })).status]).toEqual([what, method, 404]);
    await org.sql`delete from public.message_media where id = ${inbound[0]?.id}`;
    const log = await (await fetch(`${stack.CONTROL_URL}/log`)).text();
    const token = new URL(url).searchParams.get("t") as string;
    expect(log).toContain("/twilio/media/{id}");
    expect(log.includes(token)).toBe(false);
  });

  test("shares its file with other texts: it is removed with the last of them", async () => {
    const { id } = (await upload(FILES.png)).body.data;
    const path = `${org.id}/${id}`;
    const [one, two] = [leads[2], leads[3]] as [TestLead, TestLead];
    await delivered(await send(one, "First", [id]));
    const second = await send(two, "Second", [id, id]);
    await delivered(second);
    expect((await read(second)).media).toMatchObject([{ ordinal: 1 }, { ordinal: 2 }]);
    const erase = (lead: TestLead) =>
      callFunction(stack, org.admin, "POST", `/leads/${lead.id}/erase`, { confirm: lead.e164 });
    expect((await erase(one)).body.data.erased.media).toBe(1);
    const removals = async () =>
      (await org.sql`select 1 from pgmq.q_file_removals where message ->> 'media' = ${path}`).length;
    await waitFor(async () => (await removals()) === 0);
    expect(await objectsOf([path])).toHaveLength(1);
    expect((await erase(two)).body.data.erased.media).toBe(2);
    await waitFor(async () => (await objectsOf([path])).length === 0);
  });
});

describe("a picture of a quick response", () => {
  const saved = (method: string, path: string, body?: object) =>
    callFunction(stack, org.users.operator, method, `/messages/quick-responses${path}`, body);
  const prune = () => org.sql`select private.prune_media(now() + interval '3 days', 5000, ${org.id})`;
  const exists = async (id: string) =>
    (await org.sql`select 1 from public.message_media where id = ${id}`).length === 1;

  test("goes with each answer, and stays until the quick response has another", async () => {
    const first = (await upload(FILES.png)).body.data.id;
    const content = "Here is a map of the parcel";
    const made = await saved("POST", "", { title: "Map", content, media_id: first });
    expect(made.body.data).toMatchObject({ media_id: first });
    const own = (await upload(FILES.jpeg)).body.data.id;
    for (const [i, media_ids] of [undefined, [own]].entries()) {
      const lead = leads[i] as TestLead;
      await send(lead, `Good morning ${i}`, []);
      const [conversation] = await org.sql`
        select id from public.conversations where org_id = ${org.id} and e164 = ${lead.e164}`;
      const sent = await callFunction(
        stack,
        org.users.operator,
        "POST",
        `/messages/conversations/${conversation?.id}/messages`,
        { quick_response_id: made.body.data.id, ...(media_ids && { media_ids }) },
      );
      expect([sent.status, sent.body.error]).toEqual([202, undefined]);
      const message = await delivered(sent.body.data.message.id);
      expect(message.media.map(({ content_type }: { content_type: string }) => content_type)).toEqual(
        media_ids ? ["image/png", "image/jpeg"] : ["image/png"],
      );
      expect(message.media.map(({ id }: { id: string }) => id)).not.toContain(first);
    }
    await prune();
    expect(await exists(first)).toBe(true);

    const second = (await upload(FILES.gif)).body.data.id;
    const changed = await saved("PATCH", `/${made.body.data.id}`, { media_id: second });
    expect(changed.body.data).toMatchObject({ media_id: second });
    expect((await saved("PATCH", `/${made.body.data.id}`, { title: "The map" })).body.data).toMatchObject({
      media_id: second,
    });
    await prune();
    expect([await exists(first), await exists(second)]).toEqual([false, true]);
    expect((await saved("DELETE", `/${made.body.data.id}`)).status).toBe(204);
    await prune();
    expect(await exists(second)).toBe(false);
  });

  test("is an upload of the organisation, and one of another quick response is shared", async () => {
    const theirs = await callFunction(stack, other.users.admin, "POST", "/messages/media", inForm(FILES.gif));
    const bad = await saved("POST", "", {
      title: "Theirs",
      content: "x",
      media_id: theirs.body.data.id,
    });
    expect([bad.status, fieldsOf(bad)]).toEqual([422, ["media_id"]]);
    const { id } = (await upload(FILES.png)).body.data;
    const one = (await saved("POST", "", { title: "One", content: "x", media_id: id })).body.data;
    const two = (await saved("POST", "", { title: "Two", content: "x", media_id: id })).body.data;
    expect(one.media_id).toBe(id);
    expect(two.media_id).not.toBe(id);
    await saved("DELETE", `/${one.id}`);
    await prune();
    expect(await exists(two.media_id)).toBe(true);
    const link = await callFunction(stack, org.users.viewer, "GET", `/messages/media/${two.media_id}`);
    expect((await fetch(link.body.data.url)).status).toBe(200);
  });
});
