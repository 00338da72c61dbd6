// The route table of phone-numbers.
import { z } from "zod";
import { pageFields } from "../_shared/http/pagination.ts";
import { list, object } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { getNumber } from "./get-number.ts";
import { listNumbers } from "./list-numbers.ts";
import { NUMBER_STATUSES, numberChanges, numberDetail, phoneNumber, statusInput } from "./schemas.ts";
import { setStatus } from "./set-status.ts";
import { updateNumber } from "./update-number.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/",
    summary: "List the numbers with their health and what they have left today",
    permission: "viewer",
    request: {
      query: z
        .strictObject({ ...pageFields, status: z.array(z.enum(NUMBER_STATUSES)).optional() })
        .omit({ cursor: true }),
    },
    response: list(phoneNumber),
    run: listNumbers,
  }),
  route({
    method: "GET",
    path: "/{id}",
    summary: "Read a number with the outcomes behind its health, by carrier",
    permission: "viewer",
    request: { params },
    response: object(numberDetail),
    run: getNumber,
  }),
  route({
    method: "PATCH",
    path: "/{id}",
    summary: "Change a number's pace, daily cap, hours or warm-up; the next claims follow the change",
    permission: "admin",
    request: { params, body: numberChanges },
    response: object(numberDetail),
    run: updateNumber,
  }),
  route({
    method: "POST",
    path: "/{id}/status",
    summary: "Pause, quarantine or reactivate a number; the other numbers take over its work",
    permission: "admin",
    request: { params, body: statusInput },
    response: object(numberDetail),
    run: setStatus,
  }),
];
