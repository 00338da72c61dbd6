// The route table of leads' phones and their lookups.
import { z } from "zod";
import { accepted, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readFigures } from "./read-figures.ts";
import { readLookups } from "./read-lookups.ts";
import { requestLookups } from "./request-lookups.ts";
import {
  leadPhone,
  lookupRequest,
  lookupStatus,
  phoneChanges,
  phoneFigures,
  requestedLookups,
} from "./schemas.ts";
import { updatePhone } from "./update-phone.ts";

export const routes = [
  route({
    method: "PATCH",
    path: "/{id}/phones/{phone_id}",
    summary: "Change one phone of a lead: label, consent, validity, kind of line",
    description:
      "The lead's other phones stay as they are. To change which numbers a lead has, change the lead itself (PATCH /leads/{id}).",
    permission: "operator",
    request: { params: z.object({ id: z.uuid(), phone_id: z.uuid() }), body: phoneChanges },
    response: object(leadPhone),
    run: updatePhone,
  }),
  route({
    method: "GET",
    path: "/phones/figures",
    summary: "Count the phones of all leads by kind of line, validity and consent, looked up or not",
    permission: "viewer",
    response: object(phoneFigures),
    run: readFigures,
  }),
  route({
    method: "GET",
    path: "/lookups",
    summary: "Read the progress of lookups at Twilio: queued, done today, budget left, last error",
    permission: "viewer",
    response: object(lookupStatus),
    run: readLookups,
  }),
  route({
    method: "POST",
    path: "/lookups",
    summary: "Have phones looked up at Twilio, or estimate what that would cost",
    description:
      "Phones of new leads are looked up automatically while the setting `lookup_enabled` is on. A phone that Twilio answered for within 90 days is not looked up again.",
    permission: "campaign_manager",
    request: { body: lookupRequest },
    response: accepted(requestedLookups),
    run: requestLookups,
  }),
];
