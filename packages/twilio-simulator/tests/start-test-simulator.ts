// A simulator with one account for a test file, and the ways to reach it.
import { type AccountControl, connectSimulator } from "../src/connect-simulator.ts";
import type { AccountSpec } from "../src/control/control-schemas.ts";
import { type RunningSimulator, startSimulator } from "../src/start-simulator.ts";
import type { BehaviourPatch } from "../src/state/behaviour.ts";
import type { CallbackEntry, InboundEntry, PostEntry } from "../src/state/record.ts";
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  createSdkClient,
  FROM,
  receiveWebhooks,
  type WebhookReceiver,
} from "./sdk-client.ts";

export const SERVICE_SID = `MG${"b2".repeat(16)}`;
export const POOL_NUMBER = "+12125550101";

export interface TestSimulator {
  simulator: RunningSimulator;
  client: ReturnType<typeof createSdkClient>;
  control: AccountControl;
  webhooks: WebhookReceiver;
  statusUrl: string;
  posts(): PostEntry[];
  callbacks(): CallbackEntry[];
  inbounds(): InboundEntry[];
  /** Forgets everything and applies `patch` to a simulator without delays. */
  prepare(patch?: BehaviourPatch): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it all on free ports; the account owns FROM, and POOL_NUMBER in the service SERVICE_SID. */
export async function startTestSimulator(spec: Partial<AccountSpec> = {}): Promise<TestSimulator> {
  const simulator = await startSimulator({ port: 0, seed: 42, log: (line) => console.error(line) });
  const webhooks = await receiveWebhooks();
  const register = () =>
    connectSimulator(simulator.url).register({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      seed: 42,
      services: [
        {
          sid: SERVICE_SID,
          inboundRequestUrl: `${webhooks.url}/service?org=7`,
          useInboundWebhookOnNumber: false,
          advancedOptOut: null,
        },
      ],
      numbers: [
        { phoneNumber: FROM, mps: null, smsUrl: `${webhooks.url}/inbound?org=7`, smsFallbackUrl: "" },
        { phoneNumber: POOL_NUMBER, mps: null, serviceSid: SERVICE_SID },
      ],
      ...spec,
    });
  const control = await register();
  const entries = <T>(kind: string) =>
    simulator.record(ACCOUNT_SID).filter((entry) => entry.kind === kind) as unknown as T[];
  return {
    simulator,
    client: createSdkClient(simulator.url),
    control,
    webhooks,
    statusUrl: `${webhooks.url}/functions/v1/twilio/status`,
    posts: () => entries<PostEntry>("post"),
    callbacks: () => entries<CallbackEntry>("callback"),
    inbounds: () => entries<InboundEntry>("inbound"),
    prepare: async (patch = {}) => {
      await control.reset(42);
      await register();
      await control.replaceBehaviour({ timeFactor: 0, ...patch });
      webhooks.received.length = 0;
      webhooks.respond = () => ({ status: 200, type: "text/xml", body: "<Response/>" });
    },
    stop: async () => {
      await simulator.stop();
      await webhooks.stop();
    },
  };
}
