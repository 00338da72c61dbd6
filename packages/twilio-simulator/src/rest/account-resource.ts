// The account itself and its balance.
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { formatRfc2822 } from "./format-date.ts";

/** GET Accounts/{AC}.json, in Twilio's shape, auth token included (it is the caller's own). */
export function fetchAccount(call: ApiCall): ApiAnswer {
  const { account } = call;
  const uri = `/2010-04-01/Accounts/${account.sid}`;
  const resources = ["Messages", "IncomingPhoneNumbers", "AvailablePhoneNumbers", "Balance"];
  return {
    status: 200,
    body: {
      auth_token: account.authToken,
      date_created: formatRfc2822(account.createdAt),
      date_updated: formatRfc2822(account.createdAt),
      friendly_name: account.friendlyName,
      owner_account_sid: account.sid,
      sid: account.sid,
      status: account.status,
      subresource_uris: Object.fromEntries(
        resources.map((name) => [name.replace(/(?!^)([A-Z])/g, "_$1").toLowerCase(), `${uri}/${name}.json`]),
      ),
      type: "Full",
      uri: `${uri}.json`,
    },
  };
}

/** GET Balance.json: dollars as a string. */
export function fetchBalance(call: ApiCall): ApiAnswer {
  const { account } = call;
  return {
    status: 200,
    body: { account_sid: account.sid, balance: account.balance.toFixed(5), currency: "USD" },
  };
}
