// The input of the control endpoints. Unknown fields are refused by name.
import { z } from "zod";
import { behaviourPatch } from "../state/behaviour.ts";

const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, "an E.164 number is expected, e.g. +12125550100");
const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[0-9a-f]{32}$`), `${prefix} and 32 hex digits are expected`);
const webhookUrl = z.union([z.literal(""), z.url()]);

export const numberSpec = z.union([
  phone,
  z.strictObject({
    phoneNumber: phone,
    sid: sid("PN").optional(),
    smsUrl: webhookUrl.optional(),
    smsMethod: z.enum(["GET", "POST"]).optional(),
    smsFallbackUrl: webhookUrl.optional(),
    serviceSid: sid("MG").optional(),
    /** Segments a second; null sends at once. Twilio's own default for a long code is 1. */
    mps: z.number().positive().nullable().optional(),
  }),
]);

export const serviceSpec = z.strictObject({
  sid: sid("MG"),
  friendlyName: z.string().optional(),
  inboundRequestUrl: z.url().nullable().optional(),
  statusCallback: z.url().nullable().optional(),
  useInboundWebhookOnNumber: z.boolean().optional(),
  /** Twilio offers no API for Advanced Opt-Out; null is the default handling. */
  advancedOptOut: z
    .strictObject({
      stop: z.array(z.string()).default(["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "CANCEL", "ALTO"]),
      start: z.array(z.string()).default(["START", "UNSTOP"]),
      help: z.array(z.string()).default(["HELP", "AYUDA"]),
      stopReply: z.string().default("You will receive no more messages. Reply START to resubscribe."),
      startReply: z.string().default("You are subscribed again. Reply STOP to unsubscribe."),
      helpReply: z.string().default("Reply STOP to unsubscribe. Msg&Data Rates May Apply."),
    })
    .nullable()
    .optional(),
  campaign: z
    .strictObject({
      sid: sid("QE").optional(),
      status: z.enum(["PENDING", "IN_PROGRESS", "VERIFIED", "FAILED"]),
      mps: z.number().positive().default(4),
      brandTier: z.string().default("LOW"),
    })
    .nullable()
    .optional(),
});

export const accountSpec = z.strictObject({
  accountSid: sid("AC"),
  authToken: z.string().min(1),
  apiKeys: z.record(sid("SK"), z.string()).optional(),
  friendlyName: z.string().optional(),
  status: z.enum(["active", "suspended"]).optional(),
  balance: z.number().optional(),
  seed: z.int().optional(),
  behaviour: behaviourPatch.optional(),
  services: z.array(serviceSpec).optional(),
  numbers: z.array(numberSpec).optional(),
});

export const overrideSpec = z
  .strictObject({
    number: phone.optional(),
    to: phone.optional(),
    mid: z.string().optional(),
    times: z.int().positive().optional(),
    behaviour: behaviourPatch,
  })
  .refine(
    (spec) => [spec.number, spec.to, spec.mid].filter((key) => key !== undefined).length === 1,
    "exactly one of number, to and mid is expected",
  );

/** A file that a person sends; an address in its place is passed on as it is. */
const mediaSpec = z.strictObject({
  contentType: z.string().default("image/jpeg"),
  /** Its contents. */
  base64: z.base64().max(3_000_000),
  /** Filled up with zeros to so many bytes. */
  size: z.int().min(0).max(20_000_000).default(0),
  faults: z
    .strictObject({
      servedType: z.string().optional(),
      slowMs: z.number().min(0).optional(),
      redirectTo: z.string().optional(),
      missingTimes: z.int().min(0).nullable().optional(),
    })
    .default({}),
});

export const inboundSpec = z.strictObject({
  from: phone,
  to: phone,
  body: z.string().max(1600),
  intent: z
    .enum(["stop", "start", "help", "interested", "not_interested", "wrong_number", "other"])
    .optional(),
  media: z
    .array(z.union([z.url(), mediaSpec]))
    .max(10)
    .default([]),
  /** Answer at once instead of after the webhook. */
  wait: z.boolean().default(true),
});

export const statusSpec = z.strictObject({
  status: z.enum(["queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled"]),
  errorCode: z.int().nullable().default(null),
});

export const releaseSpec = z.strictObject({ to: phone.optional(), mid: z.string().optional() });
export const resetSpec = z.strictObject({ seed: z.int().optional() });
export const lineSpec = z.record(phone, z.enum(["mobile", "landline", "fixedVoip", "nonFixedVoip"]));
export const deactivationSpec = z.strictObject({
  date: z.string().regex(/^\d{4}-\d\d-\d\d$/, "YYYY-MM-DD is expected"),
  numbers: z.array(phone),
});

export type AccountSpec = z.input<typeof accountSpec>;
export type OverrideSpec = z.input<typeof overrideSpec>;
export type InboundSpec = z.input<typeof inboundSpec>;
export type NumberSpec = z.input<typeof numberSpec>;
export type ServiceSpec = z.input<typeof serviceSpec>;
