// Generated from private.lead_filter_shape by `npm run generate`: do not edit.
import { z } from "zod";
import { exactLine, exactText, oneLine } from "../http/one-line.ts";
import { plainNumber } from "./plain-number.ts";

export const filterFields = {
  acreage: z
    .strictObject({
      to: plainNumber.min(0).max(1000000000000000).optional(),
      from: plainNumber.min(0).max(1000000000000000).optional(),
    })
    .optional(),
  campaign_ids: z.array(z.guid()).max(100).optional(),
  cities: z
    .array(
      oneLine(200, 0).regex(
        /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
        "must not be blank.",
      ),
    )
    .max(1000)
    .optional(),
  consent: z
    .array(z.enum(["unknown", "granted", "denied"]))
    .max(3)
    .optional(),
  contacted: z.enum(["never", "ever"]).optional(),
  counties: z
    .array(
      oneLine(200, 0).regex(
        /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
        "must not be blank.",
      ),
    )
    .max(1000)
    .optional(),
  created: z
    .strictObject({
      to: z.iso
        .datetime({ offset: true, abort: true })
        .regex(
          /^(19|20|21)[^T]+T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])$/,
          "must be a time of the years 1900 to 2199, such as 2026-01-31T13:00:00Z.",
        )
        .optional(),
      from: z.iso
        .datetime({ offset: true, abort: true })
        .regex(
          /^(19|20|21)[^T]+T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])$/,
          "must be a time of the years 1900 to 2199, such as 2026-01-31T13:00:00Z.",
        )
        .optional(),
    })
    .optional(),
  custom_fields: z
    .record(
      exactLine(210),
      z.union([
        exactText(1000),
        plainNumber.min(-1000000000000000).max(1000000000000000),
        z.boolean(),
        z
          .array(
            z.union([exactText(1000), plainNumber.min(-1000000000000000).max(1000000000000000), z.boolean()]),
          )
          .max(100),
      ]),
    )
    .refine((entries) => Object.keys(entries).length <= 20, { message: "may have 20 entries at most." })
    .optional(),
  deleted: z.boolean().optional(),
  estimated_value: z
    .strictObject({
      to: plainNumber.min(0).max(1000000000000000).optional(),
      from: plainNumber.min(0).max(1000000000000000).optional(),
    })
    .optional(),
  ids: z.array(z.guid()).max(10000).optional(),
  import_ids: z.array(z.guid()).max(100).optional(),
  languages: z
    .array(z.enum(["es", "en"]))
    .max(2)
    .optional(),
  line_types: z
    .array(z.enum(["mobile", "landline", "voip", "toll_free", "other", "not_looked_up"]))
    .max(6)
    .optional(),
  not_contacted_days: z.number().int().min(1).max(9999).optional(),
  property_types: z
    .array(
      oneLine(200, 0).regex(
        /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
        "must not be blank.",
      ),
    )
    .max(1000)
    .optional(),
  replied: z.boolean().optional(),
  scores: z
    .array(z.enum(["cold", "warm", "hot"]))
    .max(3)
    .optional(),
  search: exactText(200).optional(),
  segment_ids: z.array(z.guid()).max(20).optional(),
  sources: z
    .array(
      oneLine(200, 0).regex(
        /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
        "must not be blank.",
      ),
    )
    .max(1000)
    .optional(),
  states: z
    .array(
      oneLine(200, 0).regex(
        /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
        "must not be blank.",
      ),
    )
    .max(1000)
    .optional(),
  statuses: z
    .array(
      z.enum([
        "new",
        "contacted",
        "interested",
        "not_interested",
        "qualified",
        "appointment",
        "contract",
        "closed",
        "lost",
        "do_not_contact",
      ]),
    )
    .max(10)
    .optional(),
  tags: z
    .strictObject({
      all: z
        .array(
          oneLine(200, 0).regex(
            /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
            "must not be blank.",
          ),
        )
        .max(100)
        .optional(),
      any: z
        .array(
          oneLine(200, 0).regex(
            /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
            "must not be blank.",
          ),
        )
        .max(100)
        .optional(),
      none: z
        .array(
          oneLine(200, 0).regex(
            /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
            "must not be blank.",
          ),
        )
        .max(100)
        .optional(),
      untagged: z.boolean().optional(),
    })
    .optional(),
  zips: z
    .array(
      oneLine(200, 0).regex(
        /[^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/,
        "must not be blank.",
      ),
    )
    .max(1000)
    .optional(),
};
