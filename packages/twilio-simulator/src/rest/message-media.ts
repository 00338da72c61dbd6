// Files of messages: list, contents, deletion. Contents are at a CDN, to which the API redirects who has its credentials.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { MediaFile } from "../state/media-file.ts";
import type { Simulator } from "../state/simulator.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { formatRfc2822 } from "./format-date.ts";
import { TwilioError } from "./twilio-error.ts";

const notFound = (path: string) => new TwilioError(20404, `The requested resource ${path} was not found`);

function findFile(call: ApiCall, messageSid: string, sid: string): MediaFile {
  const file = call.account.media.get(sid);
  if (file === undefined || file.messageSid !== messageSid) throw notFound(call.path);
  return file;
}

function showFile(call: ApiCall, file: MediaFile): Record<string, unknown> {
  return {
    sid: file.sid,
    account_sid: call.account.sid,
    parent_sid: file.messageSid,
    content_type: file.contentType,
    date_created: formatRfc2822(file.createdAt),
    date_updated: formatRfc2822(file.createdAt),
    uri: `/2010-04-01/Accounts/${call.account.sid}/Messages/${file.messageSid}/Media/${file.sid}.json`,
  };
}

/** GET Messages/{Sid}/Media.json. Ten files at most, so there is one page. */
export function listFiles(call: ApiCall, messageSid: string): ApiAnswer {
  const message = call.account.messagesBySid.get(messageSid);
  if (message === undefined || message.deleted) throw notFound(call.path);
  const files = [...call.account.media.values()].filter((file) => file.messageSid === messageSid);
  const uri = `/2010-04-01/Accounts/${call.account.sid}/Messages/${messageSid}/Media.json`;
  return {
    status: 200,
    body: {
      media_list: files.map((file) => showFile(call, file)),
      page: 0,
      page_size: 50,
      start: 0,
      end: Math.max(0, files.length - 1),
      first_page_uri: `${uri}?PageSize=50&Page=0`,
      next_page_uri: null,
      previous_page_uri: null,
      uri: `${uri}?PageSize=50&Page=0`,
    },
  };
}

/** GET Messages/{Sid}/Media/{Sid}.json. */
export function fetchFile(call: ApiCall, messageSid: string, sid: string): ApiAnswer {
  return { status: 200, body: showFile(call, findFile(call, messageSid, sid)) };
}

/** DELETE Messages/{Sid}/Media/{Sid}, with .json or without. */
export function deleteFile(call: ApiCall, messageSid: string, sid: string): ApiAnswer {
  findFile(call, messageSid, sid);
  call.account.media.delete(sid);
  return { status: 204 };
}

/** GET Messages/{Sid}/Media/{Sid}: 307 to the contents. */
export function redirectToContents(call: ApiCall, messageSid: string, sid: string): ApiAnswer {
  const file = findFile(call, messageSid, sid);
  const { missingTimes = 0, redirectTo } = file.faults;
  file.asked++;
  if (missingTimes === null || file.asked <= missingTimes) throw notFound(call.path);
  const address = redirectTo ?? `${call.sim.url}/media-cdn/${call.account.sid}/${file.sid}/${file.cdnName}`;
  return { status: 307, headers: { Location: address }, body: { redirect_to: address } };
}

const CDN_PATH = /^\/media-cdn\/(AC[0-9a-f]{32})\/(ME[0-9a-f]{32})\/([0-9a-f]{64})$/;

/** Serves the contents of a file at the CDN, which asks for no credentials. @returns false for another path */
export function serveContents(sim: Simulator, req: IncomingMessage, res: ServerResponse): boolean {
  const [, accountSid = "", sid = "", name] = CDN_PATH.exec(req.url ?? "") ?? [];
  if (name === undefined) return false;
  const account = sim.accounts.get(accountSid);
  const file = account?.media.get(sid);
  const isFound = account !== undefined && file !== undefined && file.cdnName === name;
  account?.record.push({
    kind: "download",
    seq: account.record.length,
    sid,
    receivedAt: Date.now(),
    receivedMono: performance.now(),
    hasCredentials: req.headers.authorization !== undefined,
    httpStatus: isFound ? 200 : 404,
  });
  if (!isFound) {
    res.writeHead(404).end();
    return true;
  }
  const send = () => {
    if (res.destroyed) return;
    res.writeHead(200, {
      "Content-Type": file.faults.servedType ?? file.contentType,
      "Content-Length": file.bytes.length,
    });
    res.end(req.method === "HEAD" ? undefined : file.bytes);
  };
  const { slowMs = 0 } = file.faults;
  if (slowMs > 0) sim.timers.schedule(slowMs, send);
  else send();
  return true;
}
