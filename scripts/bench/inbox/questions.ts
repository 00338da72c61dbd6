// What people ask of an inbox: every filter alone and together, common and rare words, deep pages.

export interface InboxQuestion {
  filter: Record<string, unknown>;
  limit?: number;
  offset?: number;
}

const EVERYWHERE = ["active", "snoozed", "archived"];

/** @param known ids that there are */
export function inboxQuestions(known: {
  label: string;
  otherLabel: string;
  number: string;
  assignee: string;
}): InboxQuestion[] {
  const filters: Record<string, unknown>[] = [
    {},
    { statuses: ["archived"] },
    { statuses: ["snoozed"] },
    { statuses: EVERYWHERE },
    { unread: true },
    { unread: true, statuses: EVERYWHERE },
    { waiting: true },
    { hot: true },
    { hot: true, waiting: true },
    { starred: true, statuses: EVERYWHERE },
    { assignee: "me" },
    { assignee: "none" },
    { assignee: known.assignee },
    { assignee: "none", waiting: true },
    { assignee: "me", unread: true },
    { classes: ["interested"] },
    { classes: ["question", "interested"] },
    { classes: ["stop"], statuses: EVERYWHERE },
    { classes: ["none"] },
    { classes: ["wrong_number"], assignee: "none", statuses: ["archived"] },
    { label_ids: [known.label] },
    { label_ids: [known.label, known.otherLabel] },
    { label_ids: [known.label], unread: true },
    { phone_number_id: known.number },
    { phone_number_id: known.number, hot: true },
    { search: "maria" },
    { search: "maria garcia" },
    { search: "smith", statuses: EVERYWHERE },
    { search: "zyx64" },
    { search: "probate", statuses: EVERYWHERE },
    { search: "cuanto ofrece" },
    { search: "5551" },
    { search: "nobody-has-this" },
    { search: "tomorrow", hot: true },
    { search: "j" },
    { search: "yes", unread: true },
  ];
  return [
    ...filters.map((filter) => ({ filter })),
    { filter: { statuses: EVERYWHERE }, limit: 500 },
    { filter: {}, offset: 5_000 },
    { filter: { statuses: EVERYWHERE }, offset: 60_000 },
  ];
}
