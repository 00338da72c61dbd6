// The categories of templates, and the other names by which the dashboard knows two of them.

export const CATEGORIES = [
  "initial",
  "followup",
  "nurture",
  "closing",
  "support",
  "custom",
  "help",
  "stop",
] as const;
export type Category = (typeof CATEGORIES)[number];

const OTHER_NAMES = { initial_outreach: "initial", follow_up: "followup" } as const;

/** Every name of a category that is accepted. */
export const CATEGORY_NAMES = [...CATEGORIES, "initial_outreach", "follow_up"] as const;
export type CategoryName = (typeof CATEGORY_NAMES)[number];

/** The category that a name means. */
export const toCategory = (name: CategoryName): Category =>
  name === "initial_outreach" || name === "follow_up" ? OTHER_NAMES[name] : name;
