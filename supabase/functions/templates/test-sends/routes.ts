// The route table of test phones and test sends.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { accepted, created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { confirmInput, sentTest, testPhone, testPhoneInput, testSendInput } from "./schemas.ts";
import { sendTest } from "./send-test.ts";
import {
  addTestPhone,
  confirmTestPhone,
  listTestPhones,
  removeTestPhone,
  resendCode,
} from "./test-phones.ts";

const params = z.object({ id: z.uuid() });
const { page, limit, skip } = pageFields;

export const routes = [
  route({
    method: "GET",
    path: "/test-phones",
    summary: "List the phones to which templates can be sent as a test",
    permission: "viewer",
    request: { query: z.strictObject({ page, limit, skip }) },
    response: list(testPhone),
    run: listTestPhones,
  }),
  route({
    method: "POST",
    path: "/test-phones",
    summary: "Add a test phone; a code is sent to it",
    permission: "campaign_manager",
    request: { body: testPhoneInput },
    response: created(testPhone),
    run: addTestPhone,
  }),
  route({
    method: "POST",
    path: "/test-phones/{id}/resend",
    summary: "Send another code to a test phone; the earlier one is void",
    permission: "campaign_manager",
    request: { params },
    response: object(testPhone),
    run: resendCode,
  }),
  route({
    method: "POST",
    path: "/test-phones/{id}/confirm",
    summary: "Confirm a test phone by the code it got, within 10 minutes and five tries",
    permission: "campaign_manager",
    request: { params, body: confirmInput },
    response: object(testPhone),
    run: confirmTestPhone,
  }),
  route({
    method: "DELETE",
    path: "/test-phones/{id}",
    summary: "Remove a test phone",
    permission: "campaign_manager",
    request: { params },
    response: empty(),
    run: removeTestPhone,
  }),
  route({
    method: "POST",
    path: "/{id}/test-send",
    summary: "Send a template to a confirmed test phone: ten a day, within lawful hours, charged",
    permission: "campaign_manager",
    request: { params, body: testSendInput },
    response: accepted(sentTest),
    run: sendTest,
  }),
];
