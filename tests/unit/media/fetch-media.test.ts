// Fetching a person's file where Twilio is Twilio: which hosts are called, with what, and what is made of the answers.
import { expect, it, test } from "vitest";
import { TooLongError } from "../../../supabase/functions/_shared/external/byte-reader.ts";
import type { Exchange, RawAnswer } from "../../../supabase/functions/_shared/external/exchange-http.ts";
import { exchangePinned } from "../../../supabase/functions/_shared/external/exchange-pinned.ts";
import {
  fetchMedia,
  MAX_MEDIA_BYTES,
} from "../../../supabase/functions/background-worker/media/fetch-media.ts";
import { drip, flood, hang, hangUp, startFaultyServer } from "../../fixtures/faulty-server.ts";
import { makeNodeDial } from "../../fixtures/node-dial.ts";
import { FILES } from "../../fixtures/pictures.ts";

const accountSid = `AC${"1b".repeat(16)}`;
const account = { accountSid, orgId: "", authToken: "t", authorization: "Basic secret" };
const PATH = `/2010-04-01/Accounts/${accountSid}/Messages/MM${"2c".repeat(16)}/Media/ME${"3d".repeat(16)}`;
const API = "https://api.twilio.com";
const GOOD = { status: 200, headers: new Map(), text: undefined, bytes: FILES.png };

interface Call {
  url: string;
  authorization: string | undefined;
}
/** Answers one after the other. */
function twilio(...answers: (Partial<RawAnswer> | string | Error)[]): { calls: Call[]; exchange: Exchange } {
  const calls: Call[] = [];
  const exchange: Exchange = async (url, { headers }) => {
    const answer = answers[calls.length] ?? GOOD;
    calls.push({ url, authorization: headers.authorization });
    if (answer instanceof Error) throw answer;
    if (typeof answer === "string")
      return { status: 307, headers: new Map([["location", answer]]), text: undefined };
    return { ...GOOD, ...answer };
  };
  return { calls, exchange };
}
const ask = (exchange: Exchange, url = API + PATH, apiUrl = API) =>
  fetchMedia(url, account, { apiUrl, exchange });

test("the token goes to the API alone, and redirects are followed twice, to Twilio's own hosts", async () => {
  const hosts = ["https://mms.twiliocdn.com/a", "https://media.us1.twilio.com/b?c=d"];
  const { calls, exchange } = twilio(...hosts);
  expect(await ask(exchange)).toEqual({
    outcome: "fetched",
    bytes: FILES.png,
    is: { type: "image/png", extension: "png", isInline: true },
  });
  expect(calls).toEqual([
    { url: API + PATH, authorization: "Basic secret" },
    ...hosts.map((url) => ({ url, authorization: undefined })),
  ]);
  const thrice = twilio(...hosts, "https://mms.twiliocdn.com/c");
  expect(await ask(thrice.exchange)).toMatchObject({ outcome: "refused" });
  expect(thrice.calls).toHaveLength(3);
});

it.each([
  "https://evil.example/x",
  "https://twilio.com.evil.example/x",
  "https://eviltwilio.com/x",
  "https://api.twilio.com@evil.example/x",
  "http://mms.twiliocdn.com/x",
  "https://mms.twiliocdn.com:8443/x",
  "https://mms.twiliocdn.com./x",
  "https://user:pw@mms.twiliocdn.com/x",
  "https://169.254.169.254/x",
  "https://[::1]/x",
  "http://127.0.0.1/x",
  "//evil.example/x",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "",
])("is not led to %s", async (location) => {
  const { calls, exchange } = twilio(location);
  expect(await ask(exchange)).toEqual({
    outcome: "refused",
    reason: "Twilio leads to an address that is not its own.",
  });
  expect(calls).toHaveLength(1);
});

it.each([
  `https://evil.example${PATH}`,
  `https://api.twilio.com.evil.example${PATH}`,
  `https://api.twilio.com@evil.example${PATH}`,
  `http://api.twilio.com${PATH}`,
  `https://api.twilio.com:444${PATH}`,
  `https://API.twilio.com${PATH}`,
  `${API}${PATH}?a=b`,
  `${API}${PATH}#x`,
  `${API}${PATH}.json`,
  `${API}${PATH.replace("1b", "2b")}`,
  `${API}${PATH.replace("/Messages", "/../AC/Messages")}`,
  `${API}//evil.example${PATH}`,
  "https://169.254.169.254/",
  "",
])("calls nobody for %s", async (url) => {
  const { calls, exchange } = twilio();
  expect(await ask(exchange, url)).toMatchObject({ outcome: "refused" });
  expect(calls).toEqual([]);
});

test("a name of Twilio that leads to a private address is not connected to", async () => {
  const { dial, dialed } = makeNodeDial();
  for (const ip of ["169.254.169.254", "10.0.0.1", "127.0.0.1", "::1", "168.63.129.16"]) {
    const exchange = exchangePinned({ allowsLoopback: false, dial, resolve: async () => [ip] });
    expect(await ask(exchange)).toMatchObject({ outcome: "retry" });
  }
  expect(dialed).toEqual([]);
});

test("what Twilio answers decides whether it is asked again", async () => {
  for (const status of [401, 403, 404, 410, 429, 500, 503, 204])
    expect(await ask(twilio({ status }).exchange)).toEqual({
      outcome: "retry",
      reason: `Twilio answered HTTP ${status}.`,
    });
  expect(await ask(twilio(new TooLongError("x")).exchange)).toMatchObject({ outcome: "refused" });
  expect(await ask(twilio({ bytes: Buffer.alloc(0) }).exchange)).toMatchObject({ outcome: "refused" });
  expect(await ask(twilio({ bytes: FILES.svg }).exchange)).toMatchObject({ outcome: "refused" });
});

test("of a real connection, no more is read than allowed, in the time that is allowed", async () => {
  const server = await startFaultyServer();
  try {
    const exchange = exchangePinned({ allowsLoopback: true, dial: makeNodeDial().dial });
    const url = new URL(server.url).origin;
    const fetchIt = (timeoutMs = 5_000) =>
      fetchMedia(url + PATH, account, { apiUrl: url, exchange, timeoutMs });
    for (const how of [hang, drip]) {
      server.behave(how);
      expect(await fetchIt(300)).toMatchObject({
        outcome: "retry",
        reason: "Twilio did not send it within 0.3 s.",
      });
    }
    server.behave(hangUp);
    expect(await fetchIt()).toMatchObject({ outcome: "retry" });
    server.behave(flood);
    expect(await fetchIt(30_000)).toMatchObject({
      outcome: "refused",
      reason: "The file is larger than 5 MiB.",
    });
    const largest = Buffer.concat([FILES.jpeg, Buffer.alloc(MAX_MEDIA_BYTES - FILES.jpeg.length, 7)]);
    server.behave((_request, response) => response.end(largest));
    const whole = await fetchIt(30_000);
    expect(whole.outcome === "fetched" && Buffer.from(whole.bytes).equals(largest)).toBe(true);
    server.behave((_request, response) => response.end(Buffer.concat([largest, Buffer.alloc(1)])));
    expect(await fetchIt(30_000)).toMatchObject({ outcome: "refused" });
    expect(new Set(server.received.map(({ headers }) => headers.authorization))).toEqual(
      new Set(["Basic secret"]),
    );
  } finally {
    await server.close();
  }
});
