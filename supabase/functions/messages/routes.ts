// The route table of messages: that of each folder, one after the other.
import { routes as answers } from "./answers/routes.ts";
import { routes as conversations } from "./conversations/routes.ts";
import { routes as labels } from "./labels/routes.ts";
import { routes as media } from "./media/routes.ts";
import { routes as notes } from "./notes/routes.ts";
import { routes as quickResponses } from "./quick-responses/routes.ts";
import { routes as replyTimes } from "./reply-times/routes.ts";
import { routes as text } from "./text/routes.ts";

export const routes = [
  ...conversations,
  ...answers,
  ...media,
  ...notes,
  ...labels,
  ...quickResponses,
  ...replyTimes,
  // Last: the path of a message is an id, and every other path comes before it.
  ...text,
];
