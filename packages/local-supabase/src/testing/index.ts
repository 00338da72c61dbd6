// For tests against a running platform, the package's own and those of projects.
export { type Received, type Subscription, subscribe } from "./realtime-channel.ts";
export { waitFor } from "./wait-for.ts";
