// The route table of messages.
import { z } from "zod";
import { accepted, created, object } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { getMessage } from "./get-message.ts";
import { linkMedia } from "./media/link-media.ts";
import { mediaLink, uploadedMedia } from "./media/schemas.ts";
import { uploadMedia } from "./media/upload-media.ts";
import { resolveCampaignSends } from "./resolve-campaign-sends.ts";
import { resolveSend } from "./resolve-send.ts";
import { reviewAnswer } from "./review-answer.ts";
import { campaignResolution, directText, message, resolution, review, sentText } from "./schemas.ts";
import { sendText } from "./send-text.ts";

export const routes = [
  route({
    method: "POST",
    path: "/send",
    summary: "Send one text to one lead: within lawful hours, charged, ahead of campaigns",
    description:
      "With an Idempotency-Key, the same request within 24 hours is answered with the same message. Without one, so is the same " +
      "text to the same phone within 60 seconds. Who wrote to you within 24 hours may be answered at any hour.",
    permission: "operator",
    request: { body: directText },
    response: accepted(sentText),
    run: sendText,
  }),
  // The body is a file, so it is described here and checked by the use case.
  route({
    method: "POST",
    path: "/media",
    summary: "Upload a picture, to send it with a text",
    description:
      "Body: the picture itself, or multipart/form-data with it in field `file`; JPEG, PNG or GIF by its contents, at most 5 MiB. It is " +
      "deleted after 24 hours if no text was sent with it.",
    permission: "operator",
    response: created(uploadedMedia),
    run: uploadMedia,
  }),
  route({
    method: "GET",
    path: "/media/{id}",
    summary: "Get a link to a picture or file of a message, good for ten minutes",
    description: "Pictures open in the browser; everything else is downloaded.",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(mediaLink),
    run: linkMedia,
  }),
  route({
    method: "GET",
    path: "/{id}",
    summary: "Read a message: its status, error, segments and cost",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(message),
    run: getMessage,
  }),
  route({
    method: "POST",
    path: "/{id}/resolve",
    summary: "Decide about an unknown message, which may or may not have been sent",
    description:
      "For a message that is still unknown after Twilio was asked. A campaign's message needs campaign_manager, since the " +
      "person may receive it twice; it is sent again as a new message, and this one fails. A reply is sent again as the " +
      "same message.",
    permission: "operator",
    request: { params: z.object({ id: z.uuid() }), body: resolution },
    response: object(message),
    run: resolveSend,
  }),
  route({
    method: "POST",
    path: "/{id}/review",
    summary: "Say what a person's text means",
    description:
      "Corrects how a text was understood, and acts on it. Nothing of a campaign is sent to a person whose text may be a wish to " +
      "stop, or says that the person has died, until each such text was reviewed.",
    permission: "operator",
    request: { params: z.object({ id: z.uuid() }), body: review },
    response: object(message),
    run: reviewAnswer,
  }),
  route({
    method: "POST",
    path: "/resolve",
    summary: "Decide the same about all unknown messages of a campaign, 1,000 at most",
    permission: "campaign_manager",
    request: { body: campaignResolution },
    response: object(z.object({ resolved: z.number().int().describe("How many messages were decided") })),
    run: resolveCampaignSends,
  }),
];
