// A conversation and its texts in the dashboard's words. Some of its pages read snake_case, others camelCase, of the same items.
import type { z } from "zod";
import type { scheduledText } from "../../messages/answers/schemas.ts";
import type { conversation } from "../../messages/conversations/schemas.ts";
import type { message } from "../../messages/text/schemas.ts";

type Conversation = z.output<typeof conversation>;
type Message = z.output<typeof message>;
type Scheduled = z.output<typeof scheduledText>;

/** In the dashboard, starred is a status. */
function statusOf({ is_starred, status }: Conversation): "active" | "archived" | "starred" {
  if (is_starred) return "starred";
  return status === "archived" ? "archived" : "active";
}

export function toDashboardConversation(conversation: Conversation) {
  const { id, e164, lead_id, lead_tags, campaign_name, unread_count } = conversation;
  const name = conversation.lead_name ?? e164;
  const lastMessage = conversation.last_message ?? "";
  const time = conversation.last_message_at;
  return {
    ...conversation,
    status: statusOf(conversation),
    conversation_id: id,
    lead_name: name,
    leadName: name,
    lead_phone: e164,
    leadPhone: e164,
    phone_number: e164,
    leadId: lead_id,
    last_message: lastMessage,
    lastMessage,
    last_message_time: time,
    lastMessageAt: time,
    unreadCount: unread_count,
    tags: lead_tags,
    campaignId: conversation.campaign_id,
    campaignName: campaign_name,
  };
}

/** The words that its badges know. A text that is on its way counts as sent. */
const STATUS_WORDS: Record<Message["status"], "sent" | "delivered" | "failed"> = {
  queued: "sent",
  sending: "sent",
  sent: "sent",
  unknown: "sent",
  delivered: "delivered",
  received: "delivered",
  undelivered: "failed",
  failed: "failed",
  canceled: "failed",
};

export function toDashboardMessage(message: Message, conversationId: string) {
  const time = message.sent_at ?? message.created_at;
  return {
    ...message,
    status: STATUS_WORDS[message.status],
    conversation_id: conversationId,
    conversationId,
    // It shows no pictures: an empty text would be an empty bubble.
    content: message.content || (message.media.length > 0 ? "[picture or file]" : ""),
    timestamp: time,
    fromNumber: message.from_number,
    toNumber: message.to_number,
  };
}

/** An answer that waits for its time stands in the thread, or people would write it again. Its time is when it is sent. */
export function toDashboardScheduled(text: Scheduled, { id, e164, from_number }: Conversation) {
  return {
    id: text.id,
    conversation_id: id,
    conversationId: id,
    direction: "outbound" as const,
    status: "sent" as const,
    content: text.content ?? "",
    timestamp: text.not_before,
    created_at: text.created_at,
    author_id: text.author_id,
    fromNumber: from_number ?? "",
    toNumber: e164,
  };
}
