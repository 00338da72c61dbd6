// All lists of rules, and their version.

import { AUTOMATIC_EN, AUTOMATIC_ES } from "./automatic.ts";
import { DECEASED_EN, DECEASED_ES } from "./deceased.ts";
import { GUARD_LIST } from "./guards.ts";
import { INTERESTED_EN, INTERESTED_ES, NOT_INTERESTED_EN, NOT_INTERESTED_ES } from "./interest.ts";
import { REVIEW_EN, REVIEW_ES } from "./review.ts";
import type { RuleList } from "./rule-language.ts";
import { STOP_EN } from "./stop-en.ts";
import { STOP_ES } from "./stop-es.ts";
import { WRONG_NUMBER_EN, WRONG_NUMBER_ES } from "./wrong-number.ts";

/** Stored with each message, so that figures and corrections refer to the rules that were in force. Raise it with each change. */
export const RULES_VERSION = 2;

export const ALL_RULES: readonly RuleList[] = [
  STOP_EN,
  STOP_ES,
  WRONG_NUMBER_EN,
  WRONG_NUMBER_ES,
  DECEASED_EN,
  DECEASED_ES,
  AUTOMATIC_EN,
  AUTOMATIC_ES,
  REVIEW_EN,
  REVIEW_ES,
  NOT_INTERESTED_EN,
  NOT_INTERESTED_ES,
  INTERESTED_EN,
  INTERESTED_ES,
  GUARD_LIST,
];
