// Twilio out of reach: nothing is lost or sent twice, Twilio is not flooded, an alert is raised, and sending goes on by itself.
import { connect, createServer, type Server, type Socket } from "node:net";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";

let own: OwnStack;
let org: TestOrg;
let line: Server;
const sockets = new Set<Socket>();
let port: number;

/** The way to Twilio, which can be cut. */
const open = () =>
  new Promise<void>((resolve) => {
    line = createServer((socket) => {
      const onward = connect(Number(new URL(own.stack.TWILIO_SIMULATOR_URL).port), "127.0.0.1");
      for (const end of [socket, onward]) {
        sockets.add(end);
        end.on("error", () => {});
        end.on("close", () => {
          sockets.delete(end);
          (end === socket ? onward : socket).destroy();
        });
      }
      socket.pipe(onward);
      onward.pipe(socket);
    }).listen(port, "127.0.0.1", resolve);
  });
const cut = async () => {
  const closed = new Promise((resolve) => line.close(resolve));
  for (const socket of sockets) socket.destroy();
  await closed;
};

beforeAll(async () => {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  ({ port } = probe.address() as { port: number });
  await new Promise((resolve) => probe.close(resolve));
  own = await startOwnStack({ TWILIO_API_URL: `http://127.0.0.1:${port}` });
  org = await createOrg(own.stack, { mps: 20 });
});
afterAll(async () => {
  await org.close();
  await own.stop();
});

const count = async (outcome: string) => {
  const [row] = await org.sql`
    select count(*)::int as n from public.send_attempts where org_id = ${org.id} and outcome = ${outcome}`;
  return row?.n as number;
};
const alerts = async () =>
  await org.sql`
    select kind, resolved_at is not null as resolved from public.alerts where org_id = ${org.id} order by created_at`;

test("a campaign waits while Twilio can't be reached and completes when it can", async () => {
  const leads = await addLeads(org, 60);
  const id = await buildCampaign(org);
  await startCampaign(org, id);
  // Retried after rests of 1, 2, 4 and 8 s: after 15 s of rests, at the fifth failure, the alert is raised.
  await waitFor(async () => (await alerts()).length === 1);
  expect(await alerts()).toEqual([{ kind: "twilio_unreachable", resolved: false }]);
  expect(await count("unknown")).toBe(0);
  // The messages claimed when the outage began, and three at each of four or five tries since; not 20 s at 60 a second.
  expect(await count("not_posted")).toBeLessThanOrEqual(60 + 15);
  await open();
  await waitForStatus(org, id, "completed", 60);
  const posts = await org.simulator.readRecord({ kind: "post" });
  expect(posts.map((post) => post.kind === "post" && post.to).sort()).toEqual(
    leads.map((lead) => lead.e164).sort(),
  );
  await waitFor(async () => (await alerts()).every((alert) => alert.resolved));
  await cut();
});
