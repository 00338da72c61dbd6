// Faults, and actions of people: one at a time, chosen by weight.

import { waitFor } from "local-supabase/testing/wait-for";
import { callApi } from "../fixtures/run-campaign.ts";
import { runTask } from "../fixtures/run-task.ts";
import { mend, passTime, rescueDead } from "./pass-time.ts";
import type { ChaosOrg, World } from "./start-world.ts";

/** Between these two times nothing of the campaign may be claimed; null if that still holds. */
export interface Pause {
  campaign: string;
  answeredAt: number;
  resumedAt: number | null;
}

export class Faults {
  /** How often each happened. */
  readonly counts: Record<string, number> = {};
  readonly pauses: Pause[] = [];
  private webhooksLiveUntil = 0;
  private readonly inHand = new Set<string>();
  /** Answers asked for: of two for the same version of a conversation, one may be sent. */
  readonly answers: { version: string; content: string; isTaken: boolean }[] = [];

  constructor(private readonly world: World) {}

  private readonly kinds: [weight: number, name: string, act: () => Promise<unknown>][] = [
    [20, "time passes", () => passTime(this.world)],
    [8, "ticks at once", () => this.tick(3)],
    [6, "kicks at once", () => this.kick(3)],
    [3, "worker killed", () => this.killWorker()],
    [1, "webhooks killed", () => this.killWebhooks()],
    [3, "connection cut", () => this.cutConnection()],
    [8, "opt-out", () => this.write(["STOP", "ALTO", "Stop. Thank you", "no me escriba mas"])],
    [2, "opt-in", () => this.write(["START", "ALTA"])],
    [6, "question", () => this.write(["Who is this?", "¿Cuánto paga?", "Call me", "me interesa"])],
    [10, "two answer at once", () => this.answer()],
    [6, "pause or resume", () => this.pauseOrResume()],
    [1, "stop", () => this.stop()],
    [10, "person decides", () => this.resolve()],
    [4, "mended", () => mend(this.world)],
  ];

  /** @returns what happened */
  async next(): Promise<string> {
    let at = this.world.random.below(this.kinds.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, name, act] of this.kinds) {
      at -= weight;
      if (at >= 0) continue;
      await act();
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      return name;
    }
    throw new Error("the weights do not add up");
  }

  private pickOrg(): ChaosOrg {
    return this.world.random.pick(this.world.orgs);
  }

  /** Runs the ticks' work of sending, several times at the same moment. */
  async tick(times: number): Promise<void> {
    const { sql } = this.pickOrg().org;
    await Promise.all(Array.from({ length: times }, () => runTask(sql, "sending")));
  }

  async kick(times: number): Promise<void> {
    const { FUNCTIONS_URL, FUNCTIONS_ENV } = this.world.own.stack;
    const headers = { "x-worker-secret": FUNCTIONS_ENV.WORKER_SECRET as string };
    const kicks = Array.from({ length: times }, () =>
      fetch(`${FUNCTIONS_URL}/worker/drain`, { method: "POST", headers }).then((answer) => answer.text()),
    );
    await Promise.allSettled(kicks);
  }

  private async killWorker(): Promise<void> {
    const { sql } = this.pickOrg().org;
    const busyConnections = async () =>
      (
        await sql`select pid from pg_stat_activity where application_name like 'worker%' and state <> 'idle'`
      ).map((row) => row.pid as number);
    await this.world.own.running.killFunction("worker");
    const killedAt = new Date();
    // A commit that was under way still happens, until the server notices the cut.
    const busy = await busyConnections();
    await waitFor(async () => !(await busyConnections()).some((pid) => busy.includes(pid)));
    if (this.world.random.next() < 0.7) await rescueDead(this.world, killedAt);
  }

  /**
   * Twilio tries a webhook four times within about a second: a function that is killed more often than it can start is just
   * unavailable.
   */
  private async killWebhooks(): Promise<void> {
    if (performance.now() < this.webhooksLiveUntil) return;
    this.webhooksLiveUntil = performance.now() + 8_000;
    await this.world.own.running.killFunction("twilio");
  }

  private async cutConnection(): Promise<void> {
    const { sql } = this.pickOrg().org;
    const name = this.world.random.pick(["worker", "worker", "twilio"]);
    await sql`
      select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity where application_name = ${name} order by random() limit 1) one`;
  }

  private async write(texts: string[]): Promise<void> {
    const { org, leads } = this.pickOrg();
    const { random } = this.world;
    const [from, to] = [random.pick(leads).e164, random.pick(org.numbers).e164];
    await org.simulator.sendInbound({ from, to, body: random.pick(texts), wait: false });
  }

  /** Two people answer the same person, having seen the same; one asks twice, as browsers do. */
  private async answer(): Promise<void> {
    const { org } = this.pickOrg();
    const { random } = this.world;
    const open = await org.sql`
      select id, version from public.conversations
      where org_id = ${org.id} and first_inbound_at > now() - interval '1 day' order by id`;
    if (open.length === 0) return;
    const { id, version } = random.pick(open);
    const number = this.answers.length;
    const texts = [`Answer ${number} by one`, `Answer ${number} by the other`];
    await Promise.all(
      [texts[0], texts[0], texts[1]].map(async (content) => {
        const isTaken = await this.ask(org, `/messages/conversations/${id}/messages`, {
          content,
          seen_version: version,
        });
        this.answers.push({ version: `${id} ${version}`, content: content as string, isTaken });
      }),
    );
  }

  private async pauseOrResume(): Promise<void> {
    const { org, campaigns } = this.pickOrg();
    const campaign = this.world.random.pick(campaigns);
    await this.alone(campaign, async () => {
      const [row] = await org.sql`select status::text from public.campaigns where id = ${campaign}`;
      const at = Date.now();
      if (row?.status === "paused") {
        if (!(await this.ask(org, `/campaigns/${campaign}/resume`))) return;
        for (const pause of this.pauses) if (pause.campaign === campaign) pause.resumedAt ??= at;
      } else if (await this.ask(org, `/campaigns/${campaign}/pause`)) {
        this.pauses.push({ campaign, answeredAt: Date.now(), resumedAt: null });
      }
    });
  }

  /** At most one campaign of an organisation, so that the others can finish. */
  private async stop(): Promise<void> {
    const { org, campaigns } = this.pickOrg();
    const campaign = campaigns[2] as string;
    await this.alone(campaign, async () => {
      if (!(await this.ask(org, `/campaigns/${campaign}/stop`))) return;
      // Nothing of it may be claimed again.
      this.pauses.push({ campaign, answeredAt: Date.now(), resumedAt: null });
    });
  }

  /** Decides about a send that is old enough that its time window in the list does not overlap with its successor's. */
  private async resolve(): Promise<void> {
    const { org } = this.pickOrg();
    const { random } = this.world;
    const unknown = await org.sql`
      select m.id from public.messages m join public.send_attempts a on a.id = m.attempt_id
      where m.org_id = ${org.id} and m.status = 'unknown' and a.claimed_at < clock_timestamp() - interval '8 seconds' order by m.id`;
    if (unknown.length === 0) return;
    const action = random.pick(["retry", "retry", "assume_sent"]);
    await this.ask(org, `/messages/${random.pick(unknown).id}/resolve`, { action });
  }

  /** One pause or resumption of a campaign at a time, so that their order is known. */
  private async alone(campaign: string, act: () => Promise<void>): Promise<void> {
    if (this.inHand.has(campaign)) return;
    this.inHand.add(campaign);
    await act().finally(() => this.inHand.delete(campaign));
  }

  /** @returns whether it was done; a call that is too late is refused, which is no fault */
  private async ask(org: ChaosOrg["org"], path: string, body?: unknown): Promise<boolean> {
    try {
      await callApi(org, "POST", path, body);
      return true;
    } catch (error) {
      if (!/: (?:409|429) /.test((error as Error).message)) throw error;
      return false;
    }
  }
}
