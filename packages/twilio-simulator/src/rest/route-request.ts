// The route table of Twilio's API: the 2010 API, messaging v1 and lookups v2 on one host.
import { fetchAccount, fetchBalance } from "./account-resource.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { searchNumbers } from "./available-phone-numbers.ts";
import { deleteMessage, fetchMessage, updateMessage } from "./change-message.ts";
import { redirectToDeactivations } from "./deactivations.ts";
import {
  buyNumber,
  fetchNumber,
  listNumbers,
  releaseNumber,
  updateNumber,
} from "./incoming-phone-numbers.ts";
import { listMessages } from "./list-messages.ts";
import { lookupPhoneNumber } from "./lookup-phone-number.ts";
import { deleteFile, fetchFile, listFiles, redirectToContents } from "./message-media.ts";
import {
  addService,
  deleteService,
  fetchService,
  listServices,
  updateService,
} from "./messaging-services.ts";
import {
  addPoolNumber,
  fetchPoolNumber,
  listPoolNumbers,
  removePoolNumber,
} from "./service-phone-numbers.ts";
import { TwilioError } from "./twilio-error.ts";
import { fetchCampaign, listCampaigns } from "./usa2p-campaigns.ts";

type Handler = (call: ApiCall, ...ids: string[]) => ApiAnswer;
type Route = [pattern: RegExp, methods: Record<string, Handler>];

const search =
  (type: "Local" | "TollFree"): Handler =>
  (call, country) =>
    searchNumbers(call, country as string, type);

const withOne =
  (handler: (call: ApiCall, id: string) => ApiAnswer): Handler =>
  (call, id) =>
    handler(call, id as string);
const withTwo =
  (handler: (call: ApiCall, first: string, second: string) => ApiAnswer): Handler =>
  (call, first, second) =>
    handler(call, first as string, second as string);

/** Below /2010-04-01/Accounts/{AC}. POST Messages.json is served elsewhere: it may answer late or never. */
const ACCOUNT_ROUTES: Route[] = [
  [/^\.json$/, { GET: fetchAccount }],
  [/^\/Balance\.json$/, { GET: fetchBalance }],
  [/^\/Messages\.json$/, { GET: listMessages }],
  [
    /^\/Messages\/((?:SM|MM)[0-9a-f]{32})\.json$/,
    { GET: withOne(fetchMessage), POST: withOne(updateMessage), DELETE: withOne(deleteMessage) },
  ],
  [/^\/Messages\/((?:SM|MM)[0-9a-f]{32})\/Media\.json$/, { GET: withOne(listFiles) }],
  [
    /^\/Messages\/((?:SM|MM)[0-9a-f]{32})\/Media\/(ME[0-9a-f]{32})\.json$/,
    { GET: withTwo(fetchFile), DELETE: withTwo(deleteFile) },
  ],
  [
    /^\/Messages\/((?:SM|MM)[0-9a-f]{32})\/Media\/(ME[0-9a-f]{32})$/,
    { GET: withTwo(redirectToContents), DELETE: withTwo(deleteFile) },
  ],
  [/^\/AvailablePhoneNumbers\/([A-Z]{2})\/Local\.json$/, { GET: search("Local") }],
  [/^\/AvailablePhoneNumbers\/([A-Z]{2})\/TollFree\.json$/, { GET: search("TollFree") }],
  [/^\/IncomingPhoneNumbers\.json$/, { GET: listNumbers, POST: buyNumber }],
  [
    /^\/IncomingPhoneNumbers\/(PN[0-9a-f]{32})\.json$/,
    { GET: withOne(fetchNumber), POST: withOne(updateNumber), DELETE: withOne(releaseNumber) },
  ],
];

const OTHER_ROUTES: Route[] = [
  [/^\/v1\/Services$/, { GET: listServices, POST: addService }],
  [
    /^\/v1\/Services\/(MG[0-9a-f]{32})$/,
    { GET: withOne(fetchService), POST: withOne(updateService), DELETE: withOne(deleteService) },
  ],
  [
    /^\/v1\/Services\/(MG[0-9a-f]{32})\/PhoneNumbers$/,
    { GET: withOne(listPoolNumbers), POST: withOne(addPoolNumber) },
  ],
  [
    /^\/v1\/Services\/(MG[0-9a-f]{32})\/PhoneNumbers\/(PN[0-9a-f]{32})$/,
    { GET: withTwo(fetchPoolNumber), DELETE: withTwo(removePoolNumber) },
  ],
  [/^\/v1\/Services\/(MG[0-9a-f]{32})\/Compliance\/Usa2p$/, { GET: withOne(listCampaigns) }],
  [
    /^\/v1\/Services\/(MG[0-9a-f]{32})\/Compliance\/Usa2p\/(QE[0-9a-f]{32})$/,
    { GET: withTwo(fetchCampaign) },
  ],
  [/^\/v1\/Deactivations$/, { GET: redirectToDeactivations }],
  [/^\/v2\/PhoneNumbers\/([^/]+)$/, { GET: withOne(lookupPhoneNumber) }],
];

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TwilioError(20404, `The requested resource ${text} was not found`);
  }
}

/** Finds and runs the handler. Throws TwilioError 20404 for unknown paths or another account's, 20004 for a wrong method. */
export function routeRequest(call: ApiCall): ApiAnswer {
  const prefix = `/2010-04-01/Accounts/${call.account.sid}`;
  const isOwn = call.path.startsWith(prefix);
  const rest = isOwn ? call.path.slice(prefix.length) : call.path;
  for (const [pattern, methods] of isOwn ? ACCOUNT_ROUTES : OTHER_ROUTES) {
    const match = pattern.exec(rest);
    if (match === null) continue;
    const handler = methods[call.method];
    if (handler === undefined) throw new TwilioError(20004);
    return handler(call, ...match.slice(1).map(decodeSegment));
  }
  throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
}
