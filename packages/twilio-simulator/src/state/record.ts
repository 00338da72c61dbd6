// The simulator's own record of everything that happened on an account: append-only; tests judge by it.

/** How the client was answered. `held` and `reset`: no answer left the simulator; `gone`: the client had left. */
export type PostAnswer = "pending" | "answered" | "held" | "reset" | "gone";

/**
 * One POST to Messages.json. `*At` is wall clock (ms since 1970), `*Mono` monotonic ms of the simulator's process.
 * The entry is appended when the request arrives and completed later: `answer*`, `status*` change in place.
 */
export interface PostEntry {
  kind: "post";
  seq: number;
  receivedAt: number;
  receivedMono: number;
  answeredAt: number | null;
  answeredMono: number | null;
  answer: PostAnswer;
  httpStatus: number | null;
  /** Twilio error code of a refusal. */
  code: number | null;
  accepted: boolean;
  /** The misbehaviour drawn for this request, for readers of the record; null if it was served normally. */
  misbehaviour: string | null;
  sid: string | null;
  to: string;
  from: string | null;
  serviceSid: string | null;
  body: string;
  segments: number;
  /** MediaUrl, as often as it was given. */
  media: string[];
  statusCallback: string | null;
  /** `mid` and `a` of the StatusCallback's query: the sender's own ids of message and attempt. */
  mid: string | null;
  attempt: string | null;
  validityPeriod: number | null;
  /** The status that Twilio reports for the message now; null if it was not accepted. */
  status: string | null;
  statusMono: number | null;
  errorCode: number | null;
  hidden: boolean;
}

/** One attempt to deliver a status callback. A callback lost on purpose has `lost` and was never sent. */
export interface CallbackEntry {
  kind: "callback";
  seq: number;
  sid: string;
  to: string;
  status: string;
  errorCode: number | null;
  url: string;
  attempt: number;
  duplicate: boolean;
  lost: boolean;
  sentAt: number;
  sentMono: number;
  answeredAt: number | null;
  answeredMono: number | null;
  httpStatus: number | null;
  error: string | null;
}

export type Intent = "stop" | "start" | "help" | "interested" | "not_interested" | "wrong_number" | "other";

/** One attempt to deliver an inbound message. `url` is null if the account has no URL to send it to. */
export interface InboundEntry {
  kind: "inbound";
  seq: number;
  sid: string;
  from: string;
  to: string;
  body: string;
  intent: Intent;
  /** The keyword that Twilio's own handling took it for. */
  keyword: "stop" | "start" | "help" | null;
  optOutType: string | null;
  url: string | null;
  attempt: number;
  duplicate: boolean;
  sentAt: number;
  sentMono: number;
  answeredAt: number | null;
  answeredMono: number | null;
  httpStatus: number | null;
  error: string | null;
  /** Twilio's debugger code for a bad answer: 11200, 12100, 12300. */
  debuggerCode: number | null;
}

/** One text that Twilio sent by itself: a keyword's automatic answer, or a TwiML reply. */
export interface AutoReplyEntry {
  kind: "auto_reply";
  seq: number;
  sid: string;
  from: string;
  to: string;
  body: string;
  sentAt: number;
  sentMono: number;
}

/** Any other API request, so that reads of the message list can be counted. */
export interface RequestEntry {
  kind: "request";
  seq: number;
  receivedAt: number;
  receivedMono: number;
  method: string;
  path: string;
  httpStatus: number | null;
}

/** One download of a file that a person sent, at the CDN to which the API redirects. */
export interface DownloadEntry {
  kind: "download";
  seq: number;
  /** The file's SID. */
  sid: string;
  receivedAt: number;
  receivedMono: number;
  /** Whether the client sent credentials, which belong to the API alone. */
  hasCredentials: boolean;
  httpStatus: number;
}

/** One request for a file that a message is to be sent with: HEAD, then GET. */
export interface MediaFetchEntry {
  kind: "media_fetch";
  seq: number;
  /** The message's SID. */
  sid: string;
  to: string;
  url: string;
  method: "HEAD" | "GET";
  sentAt: number;
  sentMono: number;
  answeredMono: number | null;
  httpStatus: number | null;
  contentType: string | null;
  contentLength: number | null;
  /** Of what a GET brought. */
  bytes: number | null;
  sha256: string | null;
  error: string | null;
}

export type RecordEntry =
  | PostEntry
  | CallbackEntry
  | InboundEntry
  | AutoReplyEntry
  | RequestEntry
  | DownloadEntry
  | MediaFetchEntry;

export interface RecordFilter {
  kind?: string | undefined;
  to?: string | undefined;
  from?: string | undefined;
  sid?: string | undefined;
  mid?: string | undefined;
}

export interface RecordPage {
  entries: RecordEntry[];
  /** Pass as `after` for the next page; null at the end. */
  next: number | null;
  total: number;
}

/**
 * One page of a record. `after` is the seq of the last entry already read (-1 from the start).
 * Entries sit at the index of their seq, so an unfiltered page costs its own length.
 */
export function pageRecord(
  record: readonly RecordEntry[],
  after: number,
  limit: number,
  filter: RecordFilter = {},
): RecordPage {
  const wanted = Object.entries(filter).filter(([, value]) => value !== undefined);
  const entries: RecordEntry[] = [];
  let i = after + 1;
  for (; i < record.length && entries.length < limit; i++) {
    const entry = record[i] as unknown as Record<string, unknown>;
    if (wanted.every(([field, value]) => entry[field] === value)) entries.push(record[i] as RecordEntry);
  }
  return { entries, next: i < record.length ? i - 1 : null, total: record.length };
}
