// Twilio's two ways to page a list: uris in the 2010 API, a `meta` object in the newer ones.
import type { ApiCall } from "./api-call.ts";
import { TwilioError } from "./twilio-error.ts";

interface Slice<T> {
  rows: T[];
  page: number;
  pageSize: number;
  start: number;
  hasMore: boolean;
  lastSid: string | null;
}

function readPaging(call: ApiCall): { page: number; pageSize: number; token: string | null } {
  const pageSize = Number(call.query.get("PageSize") ?? 50);
  if (!Number.isInteger(pageSize) || pageSize < 1)
    throw new TwilioError(20001, "Invalid PageSize: a whole number from 1 to 1000 is expected");
  const page = Number(call.query.get("Page") ?? 0);
  if (!Number.isInteger(page) || page < 0) throw new TwilioError(20001, "Invalid Page");
  return { page, pageSize: Math.min(pageSize, 1000), token: call.query.get("PageToken") };
}

/** Cuts one page; the page token is "PA" and the SID of the last row read, so rows added meanwhile do not shift pages. */
function slicePage<T extends { sid: string }>(call: ApiCall, rows: Iterable<T>): Slice<T> {
  const { page, pageSize, token } = readPaging(call);
  const after = token === null ? null : token.slice(2);
  let isPast = after === null;
  let start = 0;
  const found: T[] = [];
  let hasMore = false;
  for (const row of rows) {
    if (!isPast) {
      start++;
      isPast = row.sid === after;
      continue;
    }
    if (found.length === pageSize) {
      hasMore = true;
      break;
    }
    found.push(row);
  }
  const last = found[found.length - 1];
  return { rows: found, page, pageSize, start, hasMore, lastSid: last?.sid ?? null };
}

function pageAddress(call: ApiCall, pageSize: number, page: number, token: string | null): string {
  const query = new URLSearchParams(call.query);
  query.set("PageSize", String(pageSize));
  query.set("Page", String(page));
  if (token === null) query.delete("PageToken");
  else query.set("PageToken", token);
  return `${call.path}?${query.toString()}`;
}

/** A page of the 2010 API: `{ <key>: [...], first_page_uri, next_page_uri, ... }`. `rows` may be lazy. */
export function pageByUri<T extends { sid: string }>(
  call: ApiCall,
  key: string,
  rows: Iterable<T>,
  show: (row: T) => unknown,
): Record<string, unknown> {
  const slice = slicePage(call, rows);
  return {
    first_page_uri: pageAddress(call, slice.pageSize, 0, null),
    end: slice.start + Math.max(slice.rows.length - 1, 0),
    previous_page_uri: null,
    [key]: slice.rows.map(show),
    uri: pageAddress(call, slice.pageSize, slice.page, call.query.get("PageToken")),
    page_size: slice.pageSize,
    start: slice.start,
    next_page_uri: slice.hasMore
      ? pageAddress(call, slice.pageSize, slice.page + 1, `PA${slice.lastSid}`)
      : null,
    page: slice.page,
  };
}

/** A page of a v1 API: `{ meta: { key, next_page_url, ... }, <key>: [...] }`. */
export function pageByMeta<T extends { sid: string }>(
  call: ApiCall,
  key: string,
  rows: Iterable<T>,
  show: (row: T) => unknown,
): Record<string, unknown> {
  const slice = slicePage(call, rows);
  const address = (page: number, token: string | null) =>
    `${call.sim.url}${pageAddress(call, slice.pageSize, page, token)}`;
  return {
    meta: {
      page: slice.page,
      page_size: slice.pageSize,
      first_page_url: address(0, null),
      previous_page_url: null,
      url: address(slice.page, call.query.get("PageToken")),
      next_page_url: slice.hasMore ? address(slice.page + 1, `PA${slice.lastSid}`) : null,
      key,
    },
    [key]: slice.rows.map(show),
  };
}
