// Pictures and files that people send, through the simulated Twilio: fetched, shown, refused, retried, forgotten.
import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "local-supabase/testing/wait-for";
import type { DownloadEntry, RequestEntry } from "twilio-simulator";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { clientWith } from "../access/clients.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { mixedPhoneAt } from "../fixtures/list-phones.ts";
import { asSent, FILES } from "../fixtures/pictures.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
/** Somebody else's server, which records who asks it. */
let elsewhere: Server;
let elsewhereUrl: string;
const asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    response.writeHead(200, { "content-type": "image/jpeg" }).end(FILES.jpeg);
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  [org, other] = await Promise.all([
    createOrg(stack, { numbers: 1, roles: ["viewer"] }),
    createOrg(stack, { numbers: 1 }),
  ]);
});
afterAll(async () => {
  elsewhere.close();
  await Promise.all([org?.close(), other?.close()]);
});
beforeEach(() => asked.splice(0));

let people = 0;
const nextPerson = () => mixedPhoneAt(people++);
const numberOf = (of: TestOrg) => of.numbers[0]?.e164 as string;
type Sent = string | ReturnType<typeof asSent>;
/** Sends files as a person. @returns the person and the message's id */
async function receive(media: Sent[], to = org, from = nextPerson()): Promise<{ id: string; from: string }> {
  const entry = await to.simulator.sendInbound({ from, to: numberOf(to), body: "Look", media });
  expect(entry.httpStatus).toBe(200);
  const [row] = await to.sql`
    select id from public.messages where org_id = ${to.id} and from_number = ${from} order by created_at desc limit 1`;
  return { id: row?.id, from };
}
/** A message whose webhook names these addresses, signed by whoever has the organisation's token. */
async function receiveUrls(urls: string[]): Promise<string> {
  const from = nextPerson();
  const fields = Object.fromEntries(urls.map((url, i) => [`MediaUrl${i}`, url]));
  const answer = await postWebhook(org, {
    path: "/twilio/inbound",
    fields: {
      MessageSid: `MM${randomBytes(16).toString("hex")}`,
      From: from,
      To: numberOf(org),
      Body: "",
      NumMedia: String(urls.length),
      ...fields,
    },
  });
  expect(answer.status).toBe(200);
  const [row] =
    await org.sql`select id from public.messages where org_id = ${org.id} and from_number = ${from}`;
  return row?.id;
}
interface Media {
  id: string;
  ordinal: number;
  state: string;
  reason: string | null;
  content_type: string | null;
  bytes: number | null;
}
const get = (path: string, who = org.users.viewer) => callFunction(stack, who, "GET", `/messages${path}`);
const mediaOf = async (message: string): Promise<Media[]> => (await get(`/${message}`)).body.data.media;
/** The files of a message once none is pending. */
const settled = (message: string) =>
  waitFor(async () => {
    const media = await mediaOf(message);
    return media.length > 0 && media.every(({ state }) => state !== "pending") && media;
  });
const only = async (message: string) => (await settled(message))[0] as Media;

describe("a picture that a person sends", () => {
  test("is fetched with the token, then from the CDN without it, and shown by links that expire", async () => {
    const { id } = await receive([
      asSent(FILES.jpeg),
      asSent(FILES.png, { contentType: "text/html", faults: { servedType: "text/html" } }),
      asSent(FILES.webp),
      asSent(FILES.pdf),
      asSent(FILES.text),
    ]);
    const media = await settled(id);
    expect(media).toMatchObject(
      [
        ["image/jpeg", FILES.jpeg],
        ["image/png", FILES.png],
        ["image/webp", FILES.webp],
        ["application/pdf", FILES.pdf],
        ["application/octet-stream", FILES.text],
      ].map(([content_type, content], i) => ({
        ordinal: i + 1,
        state: "stored",
        reason: null,
        content_type,
        bytes: content?.length,
      })),
    );
    const downloads = (await org.simulator.readRecord({ kind: "download" })) as DownloadEntry[];
    expect(downloads.length).toBeGreaterThanOrEqual(5);
    expect(downloads.filter(({ hasCredentials }) => hasCredentials)).toEqual([]);

    const contents = [FILES.jpeg, FILES.png, FILES.webp, FILES.pdf, FILES.text];
    for (const [i, { id: mediaId, content_type, bytes }] of media.entries()) {
      const link = await get(`/media/${mediaId}`);
      expect(link.body.data).toMatchObject({ content_type, bytes });
      const minutes = (Date.parse(link.body.data.expires_at) - Date.now()) / 60_000;
      expect(minutes).toBeGreaterThan(9);
      expect(minutes).toBeLessThanOrEqual(10);
      const answer = await fetch(link.body.data.url);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(contents[i]);
      const isInline = i < 3;
      expect(answer.headers.get("content-type")).toMatch(
        isInline ? (content_type as string) : "application/octet-stream",
      );
      expect(/attachment/.test(answer.headers.get("content-disposition") ?? "")).toBe(!isInline);
      if (!isInline) expect(link.body.data.filename).toMatch(i === 3 ? /\.pdf$/ : /\.bin$/);
    }
    const [first] = media as [Media];
    expect((await get(`/media/${first.id}`, other.users.admin)).status).toBe(404);
    expect((await get(`/media/${randomUUID()}`)).status).toBe(404);
    const { data } = await other.users.admin.client.from("message_media").select("id").eq("id", first.id);
    expect(data).toEqual([]);
    const url = await org.users.admin.client.from("message_media").select("provider_url").eq("id", first.id);
    expect(url.error?.code).toBe("42501");
    // A link of the same kind, with a second to live.
    const service = clientWith(stack, { key: stack.SECRET_KEY });
    const short = await service.storage.from("media").createSignedUrl(`${org.id}/${first.id}`, 1);
    await waitFor(async () => !(await fetch(short.data?.signedUrl as string)).ok);
  });

  test("does not hold up Twilio's webhook, and is told as pending until it is there", async () => {
    const { id } = await receive([asSent(FILES.jpeg, { faults: { slowMs: 3_000 } })]);
    const [row] = (await mediaOf(id)) as [Media];
    expect(row).toMatchObject({ state: "pending", content_type: null });
    const early = await get(`/media/${row.id}`);
    expect([early.status, early.body.error.code]).toEqual([409, "invalid_state"]);
    expect(early.body.error.details).toMatchObject({ state: "pending" });
    expect(await only(id)).toMatchObject({ state: "stored" });
  });
});

describe("a file that is not what it should be", () => {
  test("is refused: HTML that calls itself a picture, SVG, XML, 6 MB, nothing at all", async () => {
    const { id } = await receive([
      asSent(FILES.html, { contentType: "image/jpeg" }),
      asSent(FILES.svg, { contentType: "image/png" }),
      asSent(FILES.xml),
      asSent(FILES.wideHtml),
      asSent(FILES.jpeg, { size: 6_291_456 }),
      asSent(Buffer.alloc(0)),
    ]);
    const media = await settled(id);
    expect(media.map(({ state }) => state)).toEqual(media.map(() => "refused"));
    const reasons = media.map(({ reason }) => reason);
    for (const reason of reasons.slice(0, 4)) expect(reason).toMatch(/HTML, SVG or XML/);
    expect(reasons.slice(4)).toEqual(["The file is larger than 5 MiB.", "The file is empty."]);
    const link = await get(`/media/${media[0]?.id}`);
    expect([link.status, link.body.error.details.reason]).toEqual([409, reasons[0]]);
    const [stored] = await org.sql`
      select count(*)::int as n from storage.objects o join public.message_media m on o.name = m.org_id || '/' || m.id
      where m.message_id = ${id}`;
    expect(stored?.n).toBe(0);
  });

  test("is the eleventh", async () => {
    const base = `${stack.TWILIO_SIMULATOR_URL}/2010-04-01/Accounts/${org.twilio.accountSid}/Messages`;
    const sid = () => randomBytes(16).toString("hex");
    const id = await receiveUrls(Array.from({ length: 11 }, () => `${base}/MM${sid()}/Media/ME${sid()}`));
    const media = await mediaOf(id);
    expect(media.map(({ state }) => state)).toEqual([...Array(10).fill("pending"), "refused"]);
    expect(media[10]?.reason).toBe("A message has ten files at most.");
    await org.sql`delete from public.message_media where message_id = ${id}`;
  });
});

describe("no token leaves, and nothing is fetched", () => {
  const path = () =>
    `/Messages/MM${randomBytes(16).toString("hex")}/Media/ME${randomBytes(16).toString("hex")}`;
  test("from an address that is none of the account's files", async () => {
    const api = `${stack.TWILIO_SIMULATOR_URL}/2010-04-01/Accounts`;
    const own = `/2010-04-01/Accounts/${org.twilio.accountSid}`;
    const before = (await other.simulator.readRecord()).length;
    const urls = [
      `${elsewhereUrl}${own}${path()}`,
      `http://169.254.169.254/latest/meta-data`,
      `http://169.254.169.254${own}${path()}`,
      `${api}/${other.twilio.accountSid}${path()}`,
      `${api}/${org.twilio.accountSid}${path()}?x=1`,
      `${api}/${org.twilio.accountSid}/../${other.twilio.accountSid}${path()}`,
      `${stack.TWILIO_SIMULATOR_URL}@${elsewhereUrl.slice(7)}${own}${path()}`,
      `https://api.twilio.com${own}${path()}`,
      "file:///etc/passwd",
      "",
    ];
    const media = await settled(await receiveUrls(urls));
    expect(media.map(({ state }) => state)).toEqual(urls.map(() => "refused"));
    expect(asked).toEqual([]);
    expect((await other.simulator.readRecord()).length).toBe(before);
  });

  test("when Twilio leads to another host", async () => {
    const { id } = await receive(
      [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x",
        "https://evil.example/x",
        "https://api.twilio.com.evil.example/x",
        "file:///etc/passwd",
        `http://user:secret@${elsewhereUrl.slice(7)}/x`,
      ].map((redirectTo) => asSent(FILES.jpeg, { faults: { redirectTo } })),
    );
    const media = await settled(id);
    expect(media.map(({ state, reason }) => [state, reason])).toEqual(
      media.map(() => ["refused", "Twilio leads to an address that is not its own."]),
    );
    expect(asked).toEqual([]);
    // On a stack whose Twilio is on this machine, its CDN may be at any port of it; the token stays at the API all the same.
    const followed = await receive([asSent(FILES.png, { faults: { redirectTo: `${elsewhereUrl}/cdn` } })]);
    expect(await only(followed.id)).toMatchObject({ state: "stored", content_type: "image/jpeg" });
    expect(asked.map(({ url }) => url)).toEqual(["/cdn"]);
    expect(asked[0]?.headers.authorization).toBeUndefined();
  });

  test("and no log has the token or the account's credentials", async () => {
    const log = await (await fetch(`${stack.CONTROL_URL}/log`)).text();
    const { accountSid, authToken } = org.twilio;
    expect(log).toContain("a file was not fetched");
    for (const secret of [authToken, accountSid, btoa(`${accountSid}:${authToken}`)])
      expect(log.includes(secret)).toBe(false);
  });
});

/** Makes what waits for its next try due now. */
async function makeDue(message: string): Promise<void> {
  await org.sql`
    update pgmq.q_media q set vt = clock_timestamp() from public.message_media m
    where m.message_id = ${message} and q.message ->> 'media_id' = m.id::text and q.vt > clock_timestamp()`;
  await org.sql`select private.call_background_worker()`;
}
/** The file of a message once so many tries have ended. */
const waitingAfter = (message: string, tries: number) =>
  waitFor(async () => {
    const [row] =
      await org.sql`select attempts, next_at from public.message_media where message_id = ${message}`;
    return row?.attempts === tries && row.next_at !== null && row;
  });

test("a file that Twilio does not have yet is fetched later, and given up after six tries", async () => {
  const late = await receive([asSent(FILES.gif, { faults: { missingTimes: 2 } })]);
  const never = await receive([asSent(FILES.gif, { faults: { missingTimes: null } })]);
  for (let tries = 1; tries <= 2; tries++) {
    await waitingAfter(late.id, tries);
    await makeDue(late.id);
  }
  expect(await only(late.id)).toMatchObject({ state: "stored", content_type: "image/gif" });
  const waits: number[] = [];
  for (let tries = 1; tries <= 5; tries++) {
    const row = await waitingAfter(never.id, tries);
    waits.push(Math.round((row.next_at.getTime() - Date.now()) / 1000));
    await makeDue(never.id);
  }
  for (const [i, seconds] of [10, 60, 300, 1800, 7200].entries())
    expect(Math.abs((waits[i] as number) - seconds)).toBeLessThan(8);
  expect(await only(never.id)).toMatchObject({ state: "gone", reason: "Twilio answered HTTP 404." });
  expect((await get(`/${never.id}`)).body.data.needs_attention).toMatch(/could not be fetched/);
});

test("an organisation with a thousand files that hang does not delay another's picture", async () => {
  const hanging = await receive([asSent(FILES.jpeg, { faults: { slowMs: 30_000 } })]);
  // They all are that one file at Twilio.
  await org.sql`
    with texts as (
      insert into public.messages (org_id, kind, from_number, to_number, status, has_media)
      select ${org.id}, 'inbound', ${hanging.from}, ${numberOf(org)}, 'received', true from generate_series(1, 1000)
      returning id),
    files as (
      insert into public.message_media (org_id, message_id, ordinal, direction, provider_url, path)
      select ${org.id}, t.id, 1, 'inbound', m.provider_url, ${org.id} || '/' || gen_random_uuid()
      from texts t, public.message_media m where m.message_id = ${hanging.id}
      returning id)
    select private.send_work('media', ${org.id}, jsonb_build_object('media_id', f.id)) from files f`;
  await org.sql`select private.call_background_worker()`;
  await waitFor(async () => {
    const [row] = await org.sql`
      select count(*)::int as n from public.message_media where org_id = ${org.id} and attempts > 0 and state = 'pending'`;
    return row?.n >= 2;
  });
  const began = performance.now();
  const { id } = await receive([asSent(FILES.jpeg)], other);
  await waitFor(async () => {
    const { body } = await callFunction(stack, other.users.admin, "GET", `/messages/${id}`);
    return body.data.media[0]?.state === "stored";
  });
  // They take ten seconds each.
  expect(performance.now() - began).toBeLessThan(5_000);
  await org.sql`delete from public.messages where org_id = ${org.id} and kind = 'inbound' and provider_sid is null`;
  await org.sql`delete from pgmq.q_media where message ->> 'org_id' = ${org.id}`;
});

test("erasing the person removes rows, files and Twilio's copies", async () => {
  const { id, from } = await receive([asSent(FILES.jpeg), asSent(FILES.pdf)]);
  await settled(id);
  const objects = async () =>
    await org.sql`select name from storage.objects where bucket_id = 'media' and name in (
      select ${org.id} || '/' || x from unnest(${media.map((one) => one.id)}::text[]) x)`;
  const media = await mediaOf(id);
  expect(await objects()).toHaveLength(2);
  const [message] = await org.sql`select provider_sid from public.messages where id = ${id}`;
  const copies = async () => {
    const { accountSid, authToken } = org.twilio;
    const answer = await fetch(
      `${stack.TWILIO_SIMULATOR_URL}/2010-04-01/Accounts/${accountSid}/Messages/${message?.provider_sid}/Media.json`,
      { headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` } },
    );
    return ((await answer.json()) as { media_list: unknown[] }).media_list.length;
  };
  expect(await copies()).toBe(2);
  const erased = await callFunction(stack, org.admin, "POST", "/leads/erase", { phone: from, confirm: from });
  expect([erased.status, erased.body.data.erased.media]).toEqual([200, 2]);
  expect(await mediaOf(id)).toEqual([]);
  expect((await get(`/media/${media[0]?.id}`)).status).toBe(404);
  await waitFor(async () => (await objects()).length === 0);
  await waitFor(async () => (await copies()) === 0);
  const deletions = ((await org.simulator.readRecord({ kind: "request" })) as RequestEntry[]).filter(
    ({ method, path }) => method === "DELETE" && path.includes(message?.provider_sid),
  );
  expect(deletions.map(({ httpStatus }) => httpStatus)).toEqual([204, 204]);
});
