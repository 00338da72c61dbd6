// What pictures and files of messages look like on the wire.
import { z } from "zod";

export const MEDIA_STATES = ["pending", "stored", "refused", "gone"] as const;

export const media = z.object({
  id: z.uuid(),
  ordinal: z.number().int().describe("Its place in the message, from 1 on"),
  state: z
    .enum(MEDIA_STATES)
    .describe("pending: it is being fetched. stored: it can be opened. refused, gone: see reason"),
  reason: z.string().nullable(),
  content_type: z.string().nullable().describe("By its contents, never by its name"),
  bytes: z.number().int().nullable(),
});

export const mediaLink = z.object({
  url: z.string().describe("Opens for anybody who has it, until it expires"),
  expires_at: z.string(),
  content_type: z.string(),
  bytes: z.number().int(),
  filename: z.string(),
});

export const uploadedMedia = z.object({
  id: z.uuid(),
  content_type: z.enum(["image/jpeg", "image/png", "image/gif"]),
  bytes: z.number().int(),
  sha256: z.string(),
});
