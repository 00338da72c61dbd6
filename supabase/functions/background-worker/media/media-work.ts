// What private.claim_media returns.

interface Work {
  work_id: number;
  /** How often this was begun and never settled. */
  read_count: number;
  org_id: string;
}

/** A file that a person sent, to be fetched. */
export interface FileToFetch extends Work {
  media_id: string;
  /** Where Twilio keeps it. */
  url: string;
  /** Null if the organisation has no Twilio account. */
  account_sid: string | null;
}

/** A message whose files Twilio is to delete. */
export interface CopiesToForget extends Work {
  message_sid: string;
  tries: number;
  account_sid: string;
}

export type MediaWork = FileToFetch | CopiesToForget;
