// Twilio's webhooks: only what Twilio signed for the right account changes anything.
import { randomBytes, randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { postWebhook, type WebhookSpec } from "../fixtures/post-webhook.ts";
import { buildCampaign, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
/** One message of a finished campaign that Twilio accepted and reported nothing of yet. */
let message: { id: string; attempt_id: string; provider_sid: string };

beforeAll(async () => {
  org = await createOrg(stack, { behaviour: { delivery: { manual: true } } });
  other = await createOrg(stack);
  await addLeads(org, 1);
  const campaign = await buildCampaign(org);
  await startCampaign(org, campaign);
  await waitForStatus(org, campaign, "completed");
  const [row] = await org.sql`
    select id, attempt_id, provider_sid from public.messages where campaign_id = ${campaign}`;
  message = row as typeof message;
});
afterAll(async () => {
  await org.close();
  await other.close();
});

const status = (messageStatus: string, more: Partial<WebhookSpec> = {}): WebhookSpec => ({
  path: "/twilio/status",
  query: `mid=${message.id}&a=${message.attempt_id}`,
  ...more,
  fields: { MessageSid: message.provider_sid, MessageStatus: messageStatus, ...more.fields },
});
const inbound = (body: string, more: Partial<WebhookSpec> = {}): WebhookSpec => ({
  path: "/twilio/inbound",
  ...more,
  fields: {
    MessageSid: `SM${randomBytes(16).toString("hex")}`,
    From: "+13055550142",
    To: org.numbers[0]?.e164 as string,
    Body: body,
    NumMedia: "0",
    ...more.fields,
  },
});

/** Everything a webhook could change, of both organisations. */
async function snapshot(): Promise<unknown> {
  const ids = [org.id, other.id];
  const [row] = await org.sql`
    select
      (select jsonb_agg(to_jsonb(m) order by m.id) from public.messages m where m.org_id = any (${ids})) as messages,
      (select jsonb_agg(to_jsonb(a) order by a.id) from public.send_attempts a where a.org_id = any (${ids})) as attempts,
      (select jsonb_agg(to_jsonb(t) order by t.id) from public.campaign_targets t where t.org_id = any (${ids})) as targets,
      (select jsonb_agg(to_jsonb(c) order by c.id) from public.conversations c where c.org_id = any (${ids})) as conversations,
      (select jsonb_agg(to_jsonb(k) order by k.e164) from private.contacts k where k.org_id = any (${ids})) as contacts,
      (select jsonb_agg(to_jsonb(o) order by o.id) from public.opt_outs o where o.org_id = any (${ids})) as opt_outs,
      (select count(*) from public.message_status_events e where e.org_id = any (${ids})) as events,
      (select count(*) from public.audit_events e where e.org_id = any (${ids})) as audit`;
  return row;
}
/** The newest entry about a message; other files' webhooks are logged in the same table. */
const lastLog = async (spec: WebhookSpec) => {
  const [row] = await org.sql`
    select org_id, webhook_type, payload, error_message from public.webhook_logs
    where payload -> 'fields' ->> 'MessageSid' = ${spec.fields.MessageSid as string}
    order by id desc limit 1`;
  return row;
};

describe("a webhook that Twilio did not sign changes nothing and is kept for a person to see", () => {
  const forgeries: [string, () => WebhookSpec][] = [
    ["unsigned receipt", () => status("delivered", { signature: null })],
    ["receipt signed with a guessed token", () => status("delivered", { token: "guessed" })],
    [
      "receipt signed with another account's token",
      () => status("delivered", { token: other.twilio.authToken }),
    ],
    ["receipt with a signature of nonsense", () => status("delivered", { signature: "nonsense" })],
    ["unsigned STOP", () => inbound("STOP", { signature: null })],
    ["STOP signed with another account's token", () => inbound("STOP", { token: other.twilio.authToken })],
    [
      "STOP of an account nobody here has",
      () => inbound("STOP", { fields: { AccountSid: `AC${"0".repeat(32)}` } }),
    ],
    ["STOP of an account that is none", () => inbound("STOP", { fields: { AccountSid: "' or 1=1" } })],
  ];
  it.each(forgeries)("%s", async (_what, forge) => {
    const before = await snapshot();
    const spec = forge();
    const response = await postWebhook(org, spec);
    expect(response.status).toBe(403);
    expect((await response.json()).error.code).toBe("signature_invalid");
    expect(await snapshot()).toEqual(before);
    expect(await lastLog(spec)).toMatchObject({ webhook_type: spec.path.split("/")[2] });
  });

  it("is kept also if the connection to the database is cut meanwhile", async () => {
    const spec = inbound("STOP", { signature: null });
    let answer: Promise<Response> | undefined;
    await org.sql.begin(async (tx) => {
      await tx`lock table public.webhook_logs in share mode`;
      answer = postWebhook(org, spec);
      await waitFor(async () => {
        const cut = await org.sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'twilio' and wait_event_type = 'Lock' and query like '%log_webhook%'`;
        return cut.length > 0;
      });
    });
    expect((await answer)?.status).toBe(403);
    expect(await lastLog(spec)).toMatchObject({ webhook_type: "inbound" });
  });

  it("a right signature is not valid for another query or a changed field", async () => {
    const before = await snapshot();
    const spec = status("sent");
    const { signWebhook } = await import("../../supabase/functions/_shared/twilio/sign-webhook.ts");
    const form = new URLSearchParams({ AccountSid: org.twilio.accountSid, ...spec.fields });
    const signature = await signWebhook(
      org.twilio.authToken,
      `${stack.FUNCTIONS_URL}${spec.path}?${spec.query}`,
      form,
    );
    for (const changed of [
      { ...spec, signature, query: `mid=${randomUUID()}&a=${message.attempt_id}` },
      { ...spec, signature, fields: { ...spec.fields, MessageStatus: "delivered" } },
      { ...spec, signature, fields: { ...spec.fields, Extra: "1" } },
    ])
      expect((await postWebhook(org, changed)).status).toBe(403);
    expect(await snapshot()).toEqual(before);
  });

  it("logs hold no token and no signature, and long texts are cut", async () => {
    const spec = inbound("x".repeat(1600), { token: "guessed" });
    await postWebhook(org, spec);
    const log = await lastLog(spec);
    expect(log?.org_id).toBe(org.id);
    expect(log?.payload.fields.Body).toHaveLength(200);
    expect(JSON.stringify(log)).not.toContain(org.twilio.authToken);
    expect(Object.keys(log?.payload)).toEqual(["query", "fields"]);
  });
});

describe("an account speaks for its own organisation only", () => {
  it("a receipt for another organisation's message is answered and changes nothing of it", async () => {
    const before = await snapshot();
    const spec = status("delivered", { token: other.twilio.authToken });
    const response = await postWebhook(other, spec);
    expect(response.status).toBe(204);
    expect(await snapshot()).toEqual(before);
    expect(await lastLog(spec)).toMatchObject({
      org_id: other.id,
      error_message: expect.stringContaining("no_message"),
    });
  });

  it("a text to another organisation's number is answered with empty TwiML and not stored", async () => {
    const before = await snapshot();
    const spec = inbound("STOP", { token: other.twilio.authToken });
    const response = await postWebhook(other, spec);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('<?xml version="1.0" encoding="UTF-8"?><Response/>');
    expect(await snapshot()).toEqual(before);
    expect(await lastLog(spec)).toMatchObject({ error_message: expect.stringContaining("not_our_number") });
  });

  it("a text to an unknown number is answered and logged", async () => {
    const spec = inbound("hola", { fields: { To: "+19095550100" } });
    const response = await postWebhook(org, spec);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/xml; charset=utf-8"]);
    expect(await lastLog(spec)).toMatchObject({ error_message: expect.stringContaining("not_our_number") });
  });

  it("a token that was changed a moment ago is used at once", async () => {
    const fresh = randomBytes(16).toString("hex");
    await postWebhook(other, {
      path: "/twilio/status",
      fields: { MessageSid: "SM1", MessageStatus: "sent" },
    });
    await other.sql`select private.set_twilio_account(${other.id}, ${other.twilio.accountSid}, ${fresh})`;
    other.twilio.authToken = fresh;
    // Twilio does not repeat a webhook that is refused.
    const response = await postWebhook(other, {
      path: "/twilio/status",
      fields: { MessageSid: "SM1", MessageStatus: "sent" },
    });
    expect(response.status).toBe(204);
  });

  it("an account that was added a moment ago is known at once, also right after a stranger's webhook", async () => {
    const stranger = await postWebhook(other, {
      path: "/twilio/status",
      fields: {
        AccountSid: `AC${randomBytes(16).toString("hex")}`,
        MessageSid: "SM1",
        MessageStatus: "sent",
      },
    });
    expect(stranger.status).toBe(403);
    other.twilio.accountSid = `AC${randomBytes(16).toString("hex")}`;
    await other.sql`select private.set_twilio_account(${other.id}, ${other.twilio.accountSid}, ${other.twilio.authToken})`;
    const response = await postWebhook(other, {
      path: "/twilio/status",
      fields: { MessageSid: "SM1", MessageStatus: "delivered" },
    });
    expect(response.status).toBe(204);
  });
});

describe("bad requests get clear answers", () => {
  it.each(["/twilio/status", "/twilio/inbound"])("GET %s is 405", async (path) => {
    const response = await fetch(`${stack.FUNCTIONS_URL}${path}`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("a body that is no form is 400", async () => {
    const response = await fetch(`${stack.FUNCTIONS_URL}/twilio/status`, {
      method: "POST",
      body: JSON.stringify({ MessageSid: "SM1" }),
      headers: { "content-type": "application/json", "x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
    });
    expect([response.status, (await response.json()).error.code]).toEqual([400, "malformed_request"]);
  });

  it("a body over 64 kB is 413", async () => {
    const response = await postWebhook(org, inbound("x".repeat(70_000)));
    expect([response.status, (await response.json()).error.code]).toEqual([413, "payload_too_large"]);
  });

  it("a signed receipt without a MessageSid is 422 and names the field", async () => {
    const response = await postWebhook(org, { path: "/twilio/status", fields: { MessageStatus: "sent" } });
    expect(response.status).toBe(422);
    expect((await response.json()).error.details.errors[0].field).toBe("MessageSid");
  });

  it.each(["", "mid=", "mid=1", "mid=%27&a=1", `mid=${randomUUID()}`])(
    "a signed receipt with the query %j is answered and logged",
    async (query) => {
      const before = await snapshot();
      const spec = status("delivered", { query });
      const response = await postWebhook(org, spec);
      expect(response.status).toBe(204);
      expect(await snapshot()).toEqual(before);
      expect(await lastLog(spec)).toMatchObject({ org_id: org.id, webhook_type: "status" });
    },
  );

  it("an inbound text with a NUL, which no phone sends, is stored without it", async () => {
    const response = await postWebhook(org, inbound("ho\u0000la", { fields: { From: "+19095550101" } }));
    expect(response.status).toBe(200);
    const [row] = await org.sql`
      select content from public.messages where org_id = ${org.id} and kind = 'inbound' order by id desc limit 1`;
    expect(row?.content).toBe("hola");
  });
});

describe("receipts", () => {
  const read = async () => {
    const [row] = await org.sql`
      select m.status, m.provider_status, m.provider_rank, t.state, t.delivery,
        (select count(*)::int from public.message_status_events e where e.message_id = m.id) as events
      from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id where m.id = ${message.id}`;
    return row;
  };
  beforeEach(async () => {
    await org.sql.begin(async (tx) => {
      await tx`delete from public.message_status_events where message_id = ${message.id}`;
      await tx`
        update public.messages set status = 'sent', provider_status = 'queued', provider_rank = 0, error_code = null
        where id = ${message.id}`;
      await tx`
        update public.campaign_targets set state = 'sent', delivery = 'unconfirmed', error_code = null
        where message_id = ${message.id}`;
    });
  });

  it("apply by rank: the final one first, the others change nothing any more", async () => {
    for (const one of ["delivered", "sent", "sending", "queued"])
      expect((await postWebhook(org, status(one))).status).toBe(204);
    expect(await read()).toMatchObject({
      status: "delivered",
      provider_rank: 4,
      delivery: "delivered",
      events: 4,
    });
  });

  it("that are sent twice, or twice at once, count once", async () => {
    await Promise.all([1, 2, 3, 4].map(() => postWebhook(org, status("delivered"))));
    expect(await read()).toMatchObject({ status: "delivered", events: 1 });
  });

  it("never turn one final status into another", async () => {
    await postWebhook(org, status("undelivered", { fields: { ErrorCode: "30008" } }));
    await postWebhook(org, status("delivered"));
    expect(await read()).toMatchObject({ status: "undelivered", delivery: "undelivered", events: 2 });
  });

  it("with unknown fields are accepted, and kept raw", async () => {
    const fields = { RawDlrDoneDate: "2611230101", NewThing: "¿qué?", Empty: "" };
    expect((await postWebhook(org, status("sent", { fields }))).status).toBe(204);
    const [event] =
      await org.sql`select raw_data from public.message_status_events where message_id = ${message.id}`;
    expect(event?.raw_data).toMatchObject({ ...fields, MessageStatus: "sent" });
  });

  it("with an unknown status are kept, and change nothing", async () => {
    expect((await postWebhook(org, status("teleported"))).status).toBe(204);
    expect(await read()).toMatchObject({ status: "sent", events: 1 });
  });

  it.each(["abc", "30003x", "-1", "30003.5", "1e3", "0x7533", "99999999999", "NaN", "null", "30 003"])(
    "whose ErrorCode is %j are taken for receipts without a code, and logged",
    async (code) => {
      const spec = status("undelivered", { fields: { ErrorCode: code } });
      expect((await postWebhook(org, spec)).status).toBe(204);
      expect(await read()).toMatchObject({ status: "undelivered", delivery: "undelivered", events: 1 });
      const [row] = await org.sql`
        select m.error_code, e.error_code as reported, e.raw_data ->> 'ErrorCode' as raw
        from public.messages m join public.message_status_events e on e.message_id = m.id where m.id = ${message.id}`;
      expect(row).toEqual({ error_code: null, reported: null, raw: code });
      expect(await lastLog(spec)).toMatchObject({
        org_id: org.id,
        payload: { fields: { ErrorCode: code } },
        error_message: expect.stringContaining("ErrorCode is no number"),
      });
    },
  );

  it.each([
    ["", null],
    ["0", null],
    [" 30006 ", 30006],
  ])("whose ErrorCode is %j have the code %j", async (code, expected) => {
    expect((await postWebhook(org, status("undelivered", { fields: { ErrorCode: code } }))).status).toBe(204);
    const [row] =
      await org.sql`select status::text, error_code from public.messages where id = ${message.id}`;
    expect(row).toEqual({ status: "undelivered", error_code: expected });
  });
});
