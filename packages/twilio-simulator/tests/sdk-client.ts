// The official SDK pointed at a simulator, and a receiver for what the simulator calls back.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import twilio from "twilio";

export const ACCOUNT_SID = `AC${"a1".repeat(16)}`;
export const AUTH_TOKEN = "a-token-of-the-simulator";
export const FROM = "+12125550100";

interface SdkRequest {
  method: string;
  uri: string;
  username?: string;
  password?: string;
  headers?: Record<string, string>;
  params?: Record<string, unknown>;
  data?: Record<string, unknown>;
  timeout?: number;
}

function toForm(values: Record<string, unknown>): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) form.append(name, String(one));
  return form;
}

/** A Twilio client whose requests go to `url` instead of twilio.com; nothing else of the SDK is replaced. */
export function createSdkClient(
  url: string,
  accountSid = ACCOUNT_SID,
  authToken = AUTH_TOKEN,
  timeoutMs = 10_000,
) {
  const httpClient = {
    async request(options: SdkRequest) {
      const address = new URL(options.uri);
      const query = options.params === undefined ? "" : toForm(options.params).toString();
      const search = query === "" ? address.search : `?${query}`;
      const response = await fetch(`${url}${address.pathname}${search}`, {
        method: options.method,
        headers: {
          ...options.headers,
          authorization: `Basic ${btoa(`${options.username}:${options.password}`)}`,
          ...(options.data === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        },
        ...(options.data === undefined ? {} : { body: toForm(options.data).toString() }),
        redirect: "manual",
        signal: AbortSignal.timeout(options.timeout ?? timeoutMs),
      });
      const text = await response.text();
      return {
        statusCode: response.status,
        body: text === "" ? "" : JSON.parse(text),
        headers: Object.fromEntries(response.headers),
      };
    },
  };
  // biome-ignore lint/suspicious/noExplicitAny: the SDK types its client as a class with axios inside
  return twilio(accountSid, authToken, { httpClient: httpClient as any });
}

export interface ReceivedWebhook {
  at: number;
  path: string;
  params: Record<string, string>;
  headers: IncomingHttpHeaders;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** Answers of the next requests; 200 and an empty Response when there are none. */
  respond: (
    webhook: ReceivedWebhook,
  ) => { status: number; type?: string; body?: string } | Promise<{ status: number }>;
  stop(): Promise<void>;
}

/** Starts a loopback server that keeps every webhook it gets. */
export async function receiveWebhooks(): Promise<WebhookReceiver> {
  const receiver: WebhookReceiver = {
    url: "",
    received: [],
    respond: () => ({ status: 200, type: "text/xml", body: "<Response/>" }),
    stop: async () => {},
  };
  const server = createServer((req, res) => {
    let text = "";
    req.on("data", (chunk) => {
      text += chunk;
    });
    req.on("end", async () => {
      const webhook = {
        at: performance.now(),
        path: req.url ?? "",
        params: Object.fromEntries(new URLSearchParams(text)),
        headers: req.headers,
      };
      receiver.received.push(webhook);
      const answer: { status: number; type?: string; body?: string } = await receiver.respond(webhook);
      res.writeHead(answer.status, { "Content-Type": answer.type ?? "text/plain" }).end(answer.body ?? "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  receiver.stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return receiver;
}
