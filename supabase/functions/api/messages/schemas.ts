// Texts to one person as the dashboard sends and reads them.
import { z } from "zod";
import { conversation } from "../../messages/conversations/schemas.ts";
import { routes } from "../../messages/routes.ts";
import { message } from "../../messages/text/schemas.ts";
import { routeOf } from "../door/mount-area.ts";

const text = z.string().nullable().optional();

export const dashboardText = z
  .strictObject({
    to: text.describe("A phone of a lead"),
    phone_number: text.describe("The older name of `to`"),
    body: text.describe("The text; variables such as {{firstName}} get the lead's values"),
    content: text.describe("The older name of `body`"),
    lead_id: text,
  })
  .describe("Empty texts and null are no values");

const sent = routeOf(routes, "POST /send").response.schema as z.ZodObject;
export const dashboardSentText = sent.extend({
  message: z.string().describe("What became of it, for people"),
  timestamp: z.string(),
});

export const dashboardConversation = conversation.extend({
  status: z.enum(["active", "archived", "starred"]),
  conversation_id: z.uuid(),
  lead_name: z.string().describe("The phone if the name is not known"),
  leadName: z.string(),
  lead_phone: z.string(),
  leadPhone: z.string(),
  phone_number: z.string(),
  leadId: z.uuid().nullable(),
  last_message: z.string(),
  lastMessage: z.string(),
  last_message_time: z.string(),
  lastMessageAt: z.string(),
  unreadCount: z.number().int(),
  tags: z.array(z.string()).describe("Of the lead"),
  campaignId: z.uuid().nullable(),
  campaignName: z.string().nullable(),
});

export const dashboardMessage = message.extend({
  status: z.enum(["sent", "delivered", "failed"]),
  conversation_id: z.uuid(),
  conversationId: z.uuid(),
  content: z.string(),
  timestamp: z.string(),
  fromNumber: z.string(),
  toNumber: z.string(),
});

export const dashboardThread = dashboardConversation.extend({
  messages: z
    .array(
      dashboardMessage.partial().required({
        id: true,
        conversationId: true,
        content: true,
        direction: true,
        timestamp: true,
        status: true,
        fromNumber: true,
        toNumber: true,
      }),
    )
    .describe(
      "The newest 200, in the order in which they were written; then answers that wait for their time",
    ),
});

export const answerText = z.strictObject({
  content: z.string().describe("The text; variables such as {{firstName}} get the lead's values"),
});

export const dashboardAnswer = dashboardMessage
  .partial()
  .required({ id: true, conversation_id: true })
  .extend({
    deduplicated: z.boolean(),
    not_before: z.string().nullable(),
    message: z.string().describe("What became of it, for people"),
  });
