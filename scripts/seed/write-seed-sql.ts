// The SQL files of the platform's own rows, which every deployment needs.

import { COMMON_WORDS } from "../../supabase/functions/_shared/sms/detect-language.ts";
import { VARIABLES, variableKey } from "../../supabase/functions/_shared/sms/variables.ts";
import { buildDefaultTemplates } from "./build-default-templates.ts";
import { computeHolidays } from "./compute-holidays.ts";
import { computeStateHolidays } from "./compute-state-holidays.ts";
import { TEMPLATE_GROUPS } from "./data/default-templates.ts";
import { ERROR_RULES } from "./data/error-classes.ts";
import { REVIEWED_AT, STATE_RULES } from "./data/quiet-hour-rules.ts";
import { readTopLevelDomains } from "./data/read-top-level-domains.ts";
import { STATE_HOLIDAYS } from "./data/state-holidays.ts";
import { expandQuietHours } from "./expand-quiet-hours.ts";
import { DOUBTFUL, FORBIDDEN, SHORTENERS, SPAMMY } from "./lint/lint-word-lists.ts";
import type { AreaCodeRow } from "./read-area-codes.ts";
import { writeSql } from "./write-sql.ts";

const FIRST_YEAR = 2026;
const LAST_YEAR = 2032;

/** File name → SQL text. */
export function writeSeedSql(areaCodes: AreaCodeRow[]): Record<string, string> {
  return {
    "error-classes.sql": writeSql({
      purpose:
        "Twilio's error codes: class, action, when to try again, and whether a carrier may have had the message.",
      table: "private.error_classes",
      columns: ["code", "class", "action", "retry_after", "max_attempts", "never_handed_to_carrier", "note"],
      conflict: "code",
      updates: ["class", "action", "retry_after", "max_attempts", "never_handed_to_carrier", "note"],
      rows: ERROR_RULES.map((rule) => [
        rule.code,
        rule.class,
        rule.action,
        rule.retryAfterSeconds === undefined ? null : `${rule.retryAfterSeconds} seconds`,
        rule.maxAttempts ?? null,
        rule.neverHandedToCarrier,
        rule.note,
      ]),
    }),
    "area-codes.sql": writeSql({
      purpose:
        "US area codes with their state and every time zone their holders may be in; an overlay has its parent's zones.",
      table: "private.area_codes",
      columns: ["area_code", "state", "time_zones", "overlay_of"],
      conflict: "area_code",
      updates: ["state", "time_zones", "overlay_of"],
      rows: areaCodes.map((row) => [row.areaCode, row.state, row.timeZones, row.overlayOf]),
    }),
    "quiet-hour-rules.sql": writeSql({
      purpose: "The platform's quiet-hour rules, each with its source. Null hours: closed on that weekday.",
      table: "public.quiet_hour_rules",
      columns: [
        "org_id",
        "state",
        "dow",
        "opens",
        "closes",
        "closed_on_holidays",
        "closed_on_state_holidays",
        "max_per_24h",
        "source",
        "effective_from",
        "reviewed_at",
      ],
      conflict: "coalesce(org_id, '00000000-0000-0000-0000-000000000000'), state, dow, effective_from",
      updates: [
        "opens",
        "closes",
        "closed_on_holidays",
        "closed_on_state_holidays",
        "max_per_24h",
        "source",
        "reviewed_at",
      ],
      rows: expandQuietHours(STATE_RULES).map((row) => [
        null,
        row.state,
        row.dow,
        row.opens,
        row.closes,
        row.closedOnHolidays,
        row.closedOnStateHolidays,
        row.maxPer24h,
        row.source,
        row.effectiveFrom,
        REVIEWED_AT,
      ]),
    }),
    "holidays.sql": writeSql({
      purpose: `Holidays ${FIRST_YEAR} to ${LAST_YEAR}, as they fall and as they are observed: federal ones, and states' own.`,
      table: "private.holidays",
      columns: ["state", "day", "name", "source"],
      conflict: "state, day",
      updates: ["name", "source"],
      rows: [
        ...computeHolidays(FIRST_YEAR, LAST_YEAR).map(({ day, name }) => ["US", day, name, "5 U.S.C. 6103"]),
        ...computeStateHolidays(STATE_HOLIDAYS, FIRST_YEAR, LAST_YEAR).map(({ state, day, name, source }) => [
          state,
          day,
          name,
          source,
        ]),
      ],
    }),
    "top-level-domains.sql": writeSql({
      purpose: "Top-level domains by IANA: phones make a link of a name under any of them.",
      table: "private.top_level_domains",
      columns: ["name"],
      conflict: "name",
      updates: ["name"],
      rows: readTopLevelDomains().map((name) => [name]),
    }),
    "template-variables.sql": writeSql({
      purpose:
        "The variables of templates: every spelling by which they are known, and how long a value can get.",
      table: "private.template_variables",
      columns: ["name", "spellings", "scope", "charset", "max_length", "fallback_es", "fallback_en"],
      conflict: "name",
      updates: ["spellings", "scope", "charset", "max_length", "fallback_es", "fallback_en"],
      rows: VARIABLES.map((variable) => [
        variable.name,
        [variable.name, ...variable.aliases].map(variableKey),
        variable.scope,
        variable.charset,
        variable.maxLength,
        variable.fallback?.es ?? null,
        variable.fallback?.en ?? null,
      ]),
    }),
    "lint-words.sql": writeSql({
      purpose:
        "Words, patterns and hosts that carriers filter or forbid, and the commonest words of each language.",
      table: "private.lint_words",
      columns: ["kind", "word"],
      conflict: "kind, word",
      updates: ["word"],
      rows: [
        ...[...FORBIDDEN].map((word) => ["forbidden", word]),
        ...[...DOUBTFUL].map((word) => ["doubtful", word]),
        ...SHORTENERS.map((host) => ["shortener", host]),
        // Compared with words between single blanks, so the edge of a word is a blank.
        ...SPAMMY.map(({ source }) => ["spam", source.replaceAll("\\b", " ")]),
        ...[...COMMON_WORDS.es].map((word) => ["spanish", word]),
        ...[...COMMON_WORDS.en].map((word) => ["english", word]),
      ],
    }),
    "default-templates.sql": writeSql({
      purpose:
        "The templates a new organisation begins with; the worst case counts a brand of 25 characters.",
      table: "private.default_templates",
      columns: [
        "key",
        "category",
        "language",
        "name",
        "content",
        "variables",
        "required_variables",
        "encoding",
        "worst_segments",
      ],
      conflict: "key",
      updates: [
        "category",
        "language",
        "name",
        "content",
        "variables",
        "required_variables",
        "encoding",
        "worst_segments",
      ],
      rows: buildDefaultTemplates(TEMPLATE_GROUPS).map((template) => [
        template.key,
        template.category,
        template.language,
        template.name,
        template.content,
        template.variables,
        template.requiredVariables,
        template.encoding,
        template.worstSegments,
      ]),
    }),
  };
}
