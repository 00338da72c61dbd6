// A client for the control endpoints of a simulator in another process.
import type {
  AccountSpec,
  InboundSpec,
  NumberSpec,
  OverrideSpec,
  ServiceSpec,
} from "./control/control-schemas.ts";
import type { judgeRecord } from "./judge.ts";
import type { Behaviour, BehaviourPatch } from "./state/behaviour.ts";
import type { InboundEntry, RecordEntry, RecordFilter, RecordPage } from "./state/record.ts";

/** Control of one account. Every call rejects with the simulator's own words when it refuses. */
export interface AccountControl {
  setBehaviour(patch: BehaviourPatch): Promise<Behaviour>;
  replaceBehaviour(patch: BehaviourPatch): Promise<Behaviour>;
  addOverride(override: OverrideSpec): Promise<void>;
  clearOverrides(): Promise<void>;
  addNumbers(numbers: NumberSpec[]): Promise<void>;
  setServices(services: ServiceSpec[]): Promise<void>;
  setLines(lines: Record<string, "mobile" | "landline" | "fixedVoip" | "nonFixedVoip">): Promise<void>;
  setDeactivations(date: string, numbers: string[]): Promise<void>;
  /** Sends a text as a person; resolves when the webhook has answered, unless `wait` is false. */
  sendInbound(text: InboundSpec): Promise<InboundEntry>;
  /** The whole record so far, or the part after a seq, read in pages. */
  readRecord(filter?: RecordFilter & { after?: number }): Promise<RecordEntry[]>;
  verdict(): Promise<ReturnType<typeof judgeRecord>>;
  held(): Promise<{ to: string; mid: string | null }[]>;
  release(which?: { to?: string; mid?: string }): Promise<number>;
  setStatus(messageSid: string, status: string, errorCode?: number): Promise<boolean>;
  sendCallback(messageSid: string, status: string, errorCode?: number): Promise<void>;
  /** True when nothing is outstanding, false after the timeout. */
  waitUntilIdle(timeoutMs?: number): Promise<boolean>;
  reset(seed?: number): Promise<void>;
  remove(): Promise<void>;
}

export interface SimulatorControl {
  health(): Promise<{ ok: boolean; seed: number; accounts: number }>;
  register(spec: AccountSpec): Promise<AccountControl>;
  account(accountSid: string): AccountControl;
}

/** Talks to the simulator at `url`, e.g. http://127.0.0.1:54329. Makes no request by itself. */
export function connectSimulator(url: string): SimulatorControl {
  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}/simulator/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const answer = (await response.json()) as T & { error?: string };
    if (!response.ok)
      throw new Error(`Twilio simulator, ${method} ${path}: ${answer.error ?? response.status}`);
    return answer;
  }

  function control(accountSid: string): AccountControl {
    const at = (action: string) => `accounts/${accountSid}/${action}`;
    return {
      setBehaviour: (patch) => ask("PATCH", at("behaviour"), patch),
      replaceBehaviour: (patch) => ask("PUT", at("behaviour"), patch),
      addOverride: (override) => ask("POST", at("overrides"), override),
      clearOverrides: () => ask("DELETE", at("overrides")),
      addNumbers: (numbers) => ask("POST", at("numbers"), numbers),
      setServices: (services) => ask("POST", at("services"), services),
      setLines: (lines) => ask("POST", at("lines"), lines),
      setDeactivations: (date, numbers) => ask("POST", at("deactivations"), { date, numbers }),
      sendInbound: (text) => ask("POST", at("inbound"), text),
      readRecord: async ({ after = -1, ...filter } = {}) => {
        const entries: RecordEntry[] = [];
        for (let from: number | null = after; from !== null; ) {
          const query = new URLSearchParams({ after: String(from), limit: "10000" });
          for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value);
          const page: RecordPage = await ask("GET", at(`record?${query}`));
          for (const entry of page.entries) entries.push(entry);
          from = page.next;
        }
        return entries;
      },
      verdict: () => ask("GET", at("verdict")),
      held: () => ask("GET", at("held")),
      release: async (which = {}) => (await ask<{ released: number }>("POST", at("release"), which)).released,
      setStatus: async (sid, status, errorCode) =>
        (
          await ask<{ changed: boolean }>("POST", at(`status/${sid}`), {
            status,
            errorCode: errorCode ?? null,
          })
        ).changed,
      sendCallback: (sid, status, errorCode) =>
        ask("POST", at(`callback/${sid}`), { status, errorCode: errorCode ?? null }),
      waitUntilIdle: async (timeoutMs = 30_000) =>
        (await ask<{ idle: boolean }>("GET", at(`idle?timeoutMs=${timeoutMs}`))).idle,
      reset: (seed) => ask("POST", at("reset"), seed === undefined ? {} : { seed }),
      remove: () => ask("DELETE", `accounts/${accountSid}`),
    };
  }

  return {
    health: () => ask("GET", "health"),
    register: async (spec) => {
      await ask("POST", "accounts", spec);
      return control(spec.accountSid);
    },
    account: control,
  };
}
