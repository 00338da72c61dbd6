// The kinds of channels. Members of an organisation may join its channels and receive what the database sends; nobody may
// send anything, and nobody else may join.

import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { Side } from "./fill-org.ts";

export interface TopicExpectation {
  /** The id behind the colon. */
  id(side: Side): string;
  /** Changes a row that this channel broadcasts. @returns the row's table */
  change(sql: postgres.Sql, side: Side): Promise<string>;
}

export const TOPICS: Record<string, TopicExpectation> = {
  campaign: {
    id: ({ row }) => row.campaigns?.id,
    async change(sql, { row }) {
      await sql`update public.campaigns set description = ${randomUUID()} where id = ${row.campaigns?.id}`;
      return "campaigns";
    },
  },
  conversation: {
    id: ({ row }) => row.conversations?.id,
    async change(sql, { row }) {
      await sql`update public.messages set content = ${randomUUID()} where id = ${row.messages?.id}`;
      return "messages";
    },
  },
  import: {
    id: ({ row }) => row.imports?.id,
    async change(sql, { row }) {
      await sql`update public.imports set warning_count = warning_count + 1 where id = ${row.imports?.id}`;
      return "imports";
    },
  },
  inbox: {
    id: ({ id }) => id,
    async change(sql, { row }) {
      await sql`update public.conversations set last_message = ${randomUUID()} where id = ${row.conversations?.id}`;
      return "conversations";
    },
  },
  job: {
    id: ({ row }) => row.jobs?.id,
    async change(sql, { row }) {
      await sql`update public.jobs set done_items = done_items + 1 where id = ${row.jobs?.id}`;
      return "jobs";
    },
  },
  org: {
    id: ({ id }) => id,
    async change(sql, { row }) {
      await sql`update public.alerts set message = ${randomUUID()} where id = ${row.alerts?.id}`;
      return "alerts";
    },
  },
};

/** Names that look like channels of ours and are not. */
export const MALFORMED = (id: string): string[] => [
  "org",
  "org:",
  "org:null",
  ":",
  "*",
  "org:*",
  "org:%",
  `${id}`,
  `org${id}`,
  `Org:${id}`,
  `user:${id}`,
  `org:${id}:`,
  `org:${id}:alerts`,
  `org:${id} `,
  ` org:${id}`,
  `org:${id}\n`,
  `x\norg:${id}`,
  `org:{${id}}`,
  `org:${id.toUpperCase()}`,
  `org:${id.replaceAll("-", "")}`,
  `org:${id}' or '1'='1`,
  `messages:${id}`,
];
