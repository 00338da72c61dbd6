// The route table of twilio.
import { empty, raw } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { inboundForm, receiveInbound } from "./receive-inbound.ts";
import { receiveStatus, statusForm } from "./receive-status.ts";
import { mediaParams, mediaQuery, serveMedia } from "./serve-media.ts";

/** Twilio's own bodies are under 8 kB: 1,600 characters of body, percent-encoded, and ten media URLs. */
const MAX_BODY_BYTES = 65_536;

export const routes = [
  route({
    method: "POST",
    path: "/status",
    summary: "A delivery receipt from Twilio",
    description:
      "Set as StatusCallback of every message, with our message id as mid and our attempt id as a.",
    permission: "twilio_signature",
    request: { form: statusForm },
    maxBodyBytes: MAX_BODY_BYTES,
    response: empty(),
    run: receiveStatus,
  }),
  route({
    method: "POST",
    path: "/inbound",
    summary: "A message from a person, delivered by Twilio",
    description:
      "Configure it as the webhook of incoming messages, on each number or on the Messaging Service.",
    permission: "twilio_signature",
    request: { form: inboundForm },
    maxBodyBytes: MAX_BODY_BYTES,
    response: raw("text/xml", "Empty TwiML, which sends no reply"),
    run: receiveInbound,
  }),
  route({
    method: "GET",
    path: "/media/{id}",
    summary: "A picture of a message that we send, for Twilio to fetch",
    description:
      "Open, because Twilio does not sign it: the address itself is signed, and good for an hour from when the message was claimed. " +
      "HEAD gives type and length.",
    permission: "open",
    request: { params: mediaParams, query: mediaQuery },
    response: raw("image/*", "The file"),
    run: serveMedia,
  }),
];
