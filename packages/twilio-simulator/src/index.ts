// The package's exports, besides its client (twilio-simulator/client) and judge (twilio-simulator/judge).
export type { AccountSpec } from "./control/control-schemas.ts";
export { signWebhook } from "./delivery/sign-webhook.ts";
export { type RunningSimulator, startSimulator } from "./start-simulator.ts";
export { type SimulatorProcess, startSimulatorProcess } from "./start-simulator-process.ts";
export type { BehaviourPatch } from "./state/behaviour.ts";
export type {
  CallbackEntry,
  DownloadEntry,
  InboundEntry,
  MediaFetchEntry,
  PostEntry,
  RecordEntry,
  RequestEntry,
} from "./state/record.ts";
