// The route table of erasing people.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { eraseLead } from "./erase-lead.ts";
import { erasePhone } from "./erase-phone.ts";
import { eraseInput, erasePhoneInput, erasure } from "./schemas.ts";

export const routes = [
  route({
    method: "POST",
    path: "/{id}/erase",
    summary: "Erase a person for good, and keep their phones suppressed",
    description:
      "Removes the name, address, e-mail, notes, custom fields, parcels, all texts to and from the person, raw receipts, rejected " +
      "rows of imports and what the audit trail says about them; the same for leads merged into this one. Phone, time and kind " +
      "stay: the suppression, without which the person would be written to again, and the record of when they were written to or " +
      "said no. Figures stay.",
    permission: "admin",
    request: { params: z.object({ id: z.uuid() }), body: eraseInput },
    response: object(erasure),
    run: eraseLead,
  }),
  route({
    method: "POST",
    path: "/erase",
    summary: "Erase a person who is in no lead, by their phone, and keep it suppressed",
    permission: "admin",
    request: { body: erasePhoneInput },
    response: object(erasure),
    run: erasePhone,
  }),
];
