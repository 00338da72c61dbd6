// Twilio's connection overrides: the fragment of a webhook URL (#rc=3&rp=5xx,ct,rt) sets timeouts and retries.

export interface WebhookTarget {
  /** The URL that is called and signed: the given one without its fragment. */
  url: string;
  connectMs: number;
  readMs: number;
  totalMs: number;
  retries: number;
  retryOn: ReadonlySet<string>;
}

const DEFAULT_RETRY_ON: ReadonlySet<string> = new Set(["ct"]);
const cache = new Map<string, Omit<WebhookTarget, "url">>();

function clamp(text: string | null, min: number, max: number, usual: number): number {
  const value = Number(text ?? usual);
  return Number.isInteger(value) ? Math.min(Math.max(value, min), max) : usual;
}

function parseFragment(fragment: string): Omit<WebhookTarget, "url"> {
  const settings = new URLSearchParams(fragment);
  const policy = settings.get("rp");
  return {
    connectMs: clamp(settings.get("ct"), 100, 10_000, 5_000),
    readMs: clamp(settings.get("rt"), 100, 15_000, 15_000),
    totalMs: clamp(settings.get("tt"), 100, 15_000, 15_000),
    retries: clamp(settings.get("rc"), 0, 5, 1),
    retryOn: policy === null ? DEFAULT_RETRY_ON : new Set(policy.split(",")),
  };
}

/**
 * Splits a webhook URL into the URL to call and its settings. Limits and defaults are those of Twilio's
 * "webhooks connection overrides" page: ct 100-10000 ms (5000), rt 100-15000 (15000), tt up to 15000, rc 0-5 (1), rp ct.
 */
export function parseWebhookTarget(given: string): WebhookTarget {
  const hash = given.indexOf("#");
  const url = hash === -1 ? given : given.slice(0, hash);
  const fragment = hash === -1 ? "" : given.slice(hash + 1);
  let settings = cache.get(fragment);
  if (settings === undefined) {
    settings = parseFragment(fragment);
    if (cache.size < 1_000) cache.set(fragment, settings);
  }
  return { url, ...settings };
}
