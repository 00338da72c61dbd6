// One simulated Twilio account, with its own numbers, services, messages, behaviour and record.
import { createHash } from "node:crypto";
import { type Behaviour, type BehaviourPatch, defaultBehaviour, mergeBehaviour } from "./behaviour.ts";
import type { MediaFile } from "./media-file.ts";
import type { Message } from "./message.ts";
import type { RecordEntry } from "./record.ts";

export interface PhoneNumber {
  sid: string;
  phoneNumber: string;
  friendlyName: string;
  smsUrl: string;
  smsMethod: string;
  smsFallbackUrl: string;
  smsApplicationSid: string;
  voiceUrl: string;
  statusCallback: string;
  serviceSid: string | null;
  /** Segments a second; null sends at once. */
  mps: number | null;
  /** Monotonic ms at which its queue is empty. */
  freeMono: number;
  createdAt: number;
  updatedAt: number;
}

export interface AdvancedOptOut {
  stop: string[];
  start: string[];
  help: string[];
  stopReply: string;
  startReply: string;
  helpReply: string;
}

export interface Service {
  sid: string;
  friendlyName: string;
  inboundRequestUrl: string | null;
  inboundMethod: string;
  fallbackUrl: string | null;
  fallbackMethod: string;
  statusCallback: string | null;
  stickySender: boolean;
  mmsConverter: boolean;
  smartEncoding: boolean;
  areaCodeGeomatch: boolean;
  validityPeriod: number;
  usecase: string;
  useInboundWebhookOnNumber: boolean;
  advancedOptOut: AdvancedOptOut | null;
  campaign: { sid: string; status: string; mps: number; brandTier: string; createdAt: number } | null;
  createdAt: number;
  updatedAt: number;
}

/** A behaviour for one number, person or message of the sender's; with `times`, for that many messages. */
export interface Override {
  scope: "number" | "to" | "mid";
  key: string;
  patch: BehaviourPatch;
  times: number | null;
}

export interface HeldAnswer {
  to: string;
  mid: string | null;
  release: () => void;
}

export interface Account {
  sid: string;
  authToken: string;
  apiKeys: Map<string, string>;
  friendlyName: string;
  status: "active" | "suspended";
  createdAt: number;
  balance: number;
  seed: number;
  behaviour: Behaviour;
  overrides: Override[];
  numbers: Map<string, PhoneNumber>;
  services: Map<string, Service>;
  lineTypes: Map<string, string>;
  deactivations: Map<string, string[]>;
  messages: Message[];
  messagesBySid: Map<string, Message>;
  messagesByTo: Map<string, Message[]>;
  /** Files of messages, by SID. */
  media: Map<string, MediaFile>;
  ordinals: Map<string, number>;
  /** How often each phone was looked up. */
  lookups: Map<string, number>;
  /** `sender|person` pairs that Twilio blocks; sender is a number or a service's SID. */
  blocked: Set<string>;
  answeredPeople: Set<string>;
  record: RecordEntry[];
  held: HeldAnswer[];
  inFlight: number;
  webhooksInFlight: number;
  webhooksWaiting: (() => void)[];
  /** Scheduled work and webhooks not yet done. */
  pending: number;
  /** Grows at each reset; work of an older epoch is dropped. */
  epoch: number;
  day: { startedMono: number; accepted: number };
  idleWaiters: (() => void)[];
}

/** Makes an account. Its seed defaults to one derived from the simulator's seed and its SID. */
export function createAccount(sid: string, authToken: string, seed: number): Account {
  return {
    sid,
    authToken,
    apiKeys: new Map(),
    friendlyName: "Simulated account",
    status: "active",
    createdAt: Date.now(),
    balance: 100,
    seed,
    behaviour: defaultBehaviour,
    overrides: [],
    numbers: new Map(),
    services: new Map(),
    lineTypes: new Map(),
    deactivations: new Map(),
    messages: [],
    messagesBySid: new Map(),
    messagesByTo: new Map(),
    media: new Map(),
    ordinals: new Map(),
    lookups: new Map(),
    blocked: new Set(),
    answeredPeople: new Set(),
    record: [],
    held: [],
    inFlight: 0,
    webhooksInFlight: 0,
    webhooksWaiting: [],
    pending: 0,
    epoch: 0,
    day: { startedMono: performance.now(), accepted: 0 },
    idleWaiters: [],
  };
}

/** Forgets messages, record, opt-outs, overrides and held answers; keeps credentials, numbers, services, behaviour. */
export function resetAccount(account: Account): void {
  account.epoch++;
  for (const held of account.held.splice(0)) held.release();
  account.overrides = [];
  account.messages = [];
  account.messagesBySid = new Map();
  account.messagesByTo = new Map();
  account.media = new Map();
  account.ordinals = new Map();
  account.lookups = new Map();
  account.blocked = new Set();
  account.answeredPeople = new Set();
  account.record = [];
  account.pending = 0;
  account.balance = 100;
  account.day = { startedMono: performance.now(), accepted: 0 };
  for (const number of account.numbers.values()) number.freeMono = 0;
  for (const done of account.idleWaiters.splice(0)) done();
}

/** Changes settings of the account's permanent behaviour; settings not named stay as they are. */
export function patchBehaviour(account: Account, patch: BehaviourPatch): void {
  account.behaviour = mergeBehaviour(account.behaviour, patch);
}

/** A number the account owns. Its SID depends on account and number only, so registering it again changes nothing. */
export function createPhoneNumber(account: Account, phoneNumber: string): PhoneNumber {
  const digest = createHash("md5").update(`${account.sid}${phoneNumber}`).digest("hex");
  const now = Date.now();
  return {
    sid: `PN${digest}`,
    phoneNumber,
    friendlyName: phoneNumber,
    smsUrl: "",
    smsMethod: "POST",
    smsFallbackUrl: "",
    smsApplicationSid: "",
    voiceUrl: "",
    statusCallback: "",
    serviceSid: null,
    mps: 1,
    freeMono: 0,
    createdAt: now,
    updatedAt: now,
  };
}

/** A Messaging Service with Twilio's defaults. */
export function createService(sid: string, friendlyName: string): Service {
  const now = Date.now();
  return {
    sid,
    friendlyName,
    inboundRequestUrl: null,
    inboundMethod: "POST",
    fallbackUrl: null,
    fallbackMethod: "POST",
    statusCallback: null,
    stickySender: true,
    mmsConverter: true,
    smartEncoding: true,
    areaCodeGeomatch: true,
    validityPeriod: 36_000,
    usecase: "undeclared",
    useInboundWebhookOnNumber: false,
    advancedOptOut: null,
    campaign: null,
    createdAt: now,
    updatedAt: now,
  };
}
