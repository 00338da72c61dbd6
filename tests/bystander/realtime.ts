// The stranger's attempts at Realtime: topics of others, topics that look like them, and invalid frames.
import type { RealtimeChannel } from "@supabase/supabase-js";
import WebSocket from "ws";
import type { Random } from "../../scripts/demo/random.ts";
import { clientWith } from "../access/clients.ts";
import { MALFORMED, TOPICS } from "../access/topics.ts";
import type { Findings } from "./findings.ts";
import { anyText } from "./values.ts";
import type { World } from "./world.ts";

const JOIN_MS = 20_000;

export async function joinStrangely(world: World, random: Random, findings: Findings): Promise<void> {
  await Promise.all([joinTopics(world, random, findings), sendFrames(world, random, findings)]);
}

async function joinTopics(world: World, random: Random, findings: Findings): Promise<void> {
  const { stack, neighbour, bystander, callers } = world;
  const token = callers
    .find(({ name }) => name === "admin")
    ?.headers.authorization?.replace("Bearer ", "") as string;
  const client = clientWith(stack, { token });
  await client.realtime.setAuth(token);
  const heard = (what: string) => (text: string) => {
    if (world.secrets.some((secret) => text.includes(secret)))
      findings.add({ kind: "read", target: `topic ${what}`, found: text.slice(0, 200) });
  };
  const hers = Object.entries(TOPICS).map(([kind, { id }]) => `${kind}:${id(neighbour)}`);
  const topics = [
    ...hers,
    `org:${bystander.id}`,
    `inbox:${bystander.id}`,
    ...random.shuffle(MALFORMED(bystander.id)).slice(0, 6),
  ];
  try {
    for (const topic of topics) {
      const status = await join(client.channel(topic, { config: { private: true } }), heard(topic));
      if (status === "SUBSCRIBED")
        findings.add({
          kind: "read",
          target: "Realtime",
          label: topic,
          found: "joined a topic of another organisation's",
        });
      if (status === "nothing")
        findings.add({
          kind: "no answer",
          target: "Realtime",
          label: topic,
          found: `no answer to a join in ${JOIN_MS} ms`,
        });
    }
  } finally {
    await client.removeAllChannels();
  }
}

function join(channel: RealtimeChannel, heard: (text: string) => void): Promise<string> {
  channel.on("broadcast", { event: "*" }, (message) => heard(JSON.stringify(message)));
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("nothing"), JOIN_MS);
    channel.subscribe((status) => {
      clearTimeout(timer);
      resolve(status);
    });
  });
}

/** An invalid frame must cost its own connection at most. */
async function sendFrames({ stack, loot }: World, random: Random, findings: Findings): Promise<void> {
  const url = `${stack.API_URL.replace("http", "ws")}/realtime/v1/websocket?apikey=${stack.PUBLISHABLE_KEY}&vsn=2.0.0`;
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  const odd = () => JSON.stringify(anyText(random, loot).value);
  const frames = [
    "",
    "null",
    "[]",
    "{}",
    "[1,2,3,4,5]",
    "not json",
    deep,
    `[null,null,${odd()},"phx_join",{}]`,
    `["1","1",${odd()},${odd()},${deep}]`,
    `["1","1","realtime:org:x","phx_join",{"config":${deep}}]`,
    '["1","1","realtime:org:x","phx_join",{"config":{"broadcast":1,"presence":"x","private":"yes"},"access_token":1}]',
    '["1","1","realtime:x","access_token",{"access_token":"a.b.c"}]',
    `["1","1","phoenix","heartbeat",${odd()}]`,
    "x".repeat(2_000_000),
    '{"topic":"__proto__","event":"phx_join","payload":{"__proto__":1},"ref":null}',
  ];
  for (const frame of frames) await sendFrame(url, frame);
  const isAlive = await sendFrame(url, '[null,"1","phoenix","heartbeat",{}]', true);
  if (!isAlive)
    findings.add({ kind: "platform", target: "Realtime", found: "answers no heartbeat after odd frames" });
}

function sendFrame(url: string, frame: string, isAsked = false): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const end = (is: boolean) => {
      socket.terminate();
      resolve(is);
    };
    const timer = setTimeout(() => end(false), isAsked ? 10_000 : 250);
    socket.on("open", () => socket.send(frame));
    socket.on("message", () => {
      clearTimeout(timer);
      end(true);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(false);
    });
    socket.on("error", () => {});
  });
}
