// The routes of messages whose shapes are the dashboard's; the others are the area's own.
import { route } from "../../_shared/http/route.ts";
import { routes as area } from "../../messages/routes.ts";
import { bothShapes } from "../door/both-shapes.ts";
import { mountArea } from "../door/mount-area.ts";
import { dashboardSentText, dashboardText } from "./schemas.ts";
import { sendRoute, sendText } from "./send-text.ts";

export const routes = mountArea("messages", area, [
  route({
    method: "POST",
    path: "/messages/send",
    summary: "Send one text to one lead; the same text to the same person within a minute is one message",
    permission: sendRoute.permission,
    request: { body: dashboardText },
    response: bothShapes(dashboardSentText, 202),
    run: sendText as never,
  }),
]);
