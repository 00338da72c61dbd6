// The bystander's continuous work: it imports owners, writes to them, and exports them, with exact figures.
import { randomBytes } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import Papa from "papaparse";
import { callFunction } from "../fixtures/call-function.ts";
import type { TestOrg } from "../fixtures/create-org.ts";
import { MIXED_PHONES, mixedPhoneAt } from "../fixtures/list-phones.ts";
import { callApi, type Figures, readFigures } from "../fixtures/run-campaign.ts";

export const STEPS = ["import", "campaign", "export"] as const;
export type Step = (typeof STEPS)[number];
/** Milliseconds of each. */
export type Timing = Record<Step, number>;

interface Owner {
  first: string;
  last: string;
  phone: string;
}

/** The people of a round. */
export const PEOPLE = 60;
/** How long a step may take: a multiple of what it took alone, plus the start of a worker. */
const TIMES = 12;
const GRACE_MS = 30_000;

export class BystanderWork {
  /** A text in each of the bystander's rows, and nowhere else. */
  readonly marker = `Zq${randomBytes(8).toString("hex")}Mark`;
  readonly timings: Timing[] = [];
  /** Figures that were not exact. */
  readonly wrong: string[] = [];
  rounds = 0;
  private readonly phones: string[];
  private bound: Timing | undefined;

  constructor(readonly org: TestOrg) {
    const own = new Set(org.numbers.map(({ e164 }) => e164));
    this.phones = Array.from({ length: MIXED_PHONES }, (_, n) => mixedPhoneAt(n)).filter(
      (phone) => !own.has(phone),
    );
  }

  /** Whether there are people left to write to. */
  get hasPeople(): boolean {
    return (this.rounds + 1) * PEOPLE <= this.phones.length;
  }

  /** The times that limit later steps. */
  fixBounds(): void {
    const best = (step: Step) => Math.min(...this.timings.map((one) => one[step]));
    const bound = (step: Step) => best(step) * TIMES + GRACE_MS;
    this.bound = { import: bound("import"), campaign: bound("campaign"), export: bound("export") };
  }

  /** One round of all steps, with people of its own. Never throws: faults are in `wrong`. */
  async round(): Promise<void> {
    const number = this.rounds++;
    const owners = this.phones.slice(number * PEOPLE, (number + 1) * PEOPLE).map((phone, n) => ({
      first: `Rosa${n}`,
      last: `${this.marker}`,
      phone,
    }));
    const timing: Partial<Timing> = {};
    try {
      const id = await this.timed(timing, "import", () => this.importOwners(owners, number));
      await this.timed(timing, "campaign", () => this.send(id, number));
      await this.timed(timing, "export", () => this.exportOwners(id, owners));
      this.timings.push(timing as Timing);
    } catch (error) {
      this.wrong.push(`round ${number}: ${(error as Error).message}`);
    }
  }

  private async timed<T>(timing: Partial<Timing>, step: Step, act: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await act();
    timing[step] = performance.now() - begun;
    const bound = this.bound?.[step];
    if (bound !== undefined && timing[step] > bound)
      this.wrong.push(
        `${step} took ${Math.round(timing[step] / 1_000)} s, ${Math.round(bound / 1_000)} s at most`,
      );
    return result;
  }

  /** A step may take long while it makes progress; it fails when it makes none for as long as a whole step may take. */
  private async until<T>(
    step: Step,
    what: string,
    look: () => Promise<{ done?: T; progress: unknown }>,
  ): Promise<T> {
    const patience = this.bound?.[step] ?? 120_000;
    let last = "";
    let movedAt = performance.now();
    return await waitFor(
      async () => {
        const { done, progress } = await look();
        const now = JSON.stringify(progress);
        if (now !== last) [last, movedAt] = [now, performance.now()];
        if (done !== undefined) return done;
        if (performance.now() - movedAt > patience)
          throw new Error(`${what} stood still for ${Math.round(patience / 1_000)} s at ${now}`);
        return undefined;
      },
      { seconds: 600, every: 150 },
    );
  }

  /** Besides its people, the file has one of them again and one with an invalid phone. */
  private async importOwners(owners: Owner[], number: number): Promise<string> {
    const again = owners[0] as Owner;
    const rows = [
      ...owners,
      { ...again, first: "Again" },
      { first: "Nobody", last: this.marker, phone: "12" },
    ];
    const csv = Papa.unparse(
      rows.map(({ first, last, phone }) => ({ "First Name": first, "Last Name": last, Phone: phone })),
    );
    const form = new FormData();
    form.append("tags", JSON.stringify([`ROUND-${number}`]));
    form.append("file", new Blob([csv], { type: "text/csv" }), `${this.marker}-${number}.csv`);
    const started = await callFunction(this.org.stack, this.org.admin, "POST", "/leads/import/execute", form);
    if (started.status !== 202) throw new Error(`import: ${started.status} ${JSON.stringify(started.body)}`);
    const id: string = started.body.data.id;
    const row = await this.until("import", "the import", async () => {
      const { body, status } = await callFunction(
        this.org.stack,
        this.org.admin,
        "GET",
        `/leads/import/${id}`,
      );
      if (status !== 200) throw new Error(`import: ${status} ${JSON.stringify(body)}`);
      const data = body.data;
      return {
        progress: [data.status, data.processed_rows],
        done: ["completed", "failed"].includes(data.status) ? data : undefined,
      };
    });
    const found = [row.status, row.imported_rows, row.duplicate_rows, row.rejected_rows, row.updated_rows];
    this.expect(`round ${number}, import`, found, ["completed", owners.length, 1, 1, 0]);
    return id;
  }

  private async send(importId: string, number: number): Promise<void> {
    const { id } = await callApi<{ id: string }>(this.org, "POST", "/campaigns", {
      name: `${this.marker} ${number}`,
      quiet_hours_override: true,
      template_ids: [this.org.templates.initial],
      target_criteria: { import_id: importId },
    });
    await callApi(this.org, "POST", `/campaigns/${id}/build-targets`, {});
    await this.untilStatus(id, "ready");
    await callApi(this.org, "POST", `/campaigns/${id}/start`);
    await this.untilStatus(id, "completed");
    const figures = await this.until("campaign", "the receipts", async () => {
      const now = await readFigures(this.org, id);
      return { progress: now, done: now.delivered === now.sent ? now : undefined };
    });
    const keys: (keyof Figures)[] = [
      "audience",
      "sent",
      "delivered",
      "excluded",
      "canceled",
      "waiting",
      "failed",
      "unknown",
      "undelivered",
    ];
    this.expect(
      `round ${number}, campaign`,
      keys.map((key) => figures[key]),
      [PEOPLE, PEOPLE, PEOPLE, 0, 0, 0, 0, 0, 0],
    );
  }

  private async untilStatus(id: string, status: string): Promise<void> {
    await this.until("campaign", `the campaign, to be ${status},`, async () => {
      const [row] = await this.org.sql`
        select c.status::text, c.status_reason, c.needs_attention, (select count(*)::int from public.campaign_targets t where t.campaign_id = c.id) as targets,
          (select count(*)::int from public.send_attempts a join public.messages m on m.id = a.message_id where m.campaign_id = c.id) as attempts
        from public.campaigns c where c.id = ${id}`;
      if (row?.status === "paused" || row?.status === "stopped")
        throw new Error(`the campaign is ${row.status}: ${row.status_reason}`);
      return { progress: row, done: row?.status === status ? true : undefined };
    });
  }

  private async exportOwners(importId: string, owners: Owner[]): Promise<void> {
    const started = await callFunction(this.org.stack, this.org.admin, "POST", "/leads/exports", {
      filter: { import_ids: [importId] },
      columns: ["first_name", "last_name", "primary_phone"],
    });
    if (started.status !== 202) throw new Error(`export: ${started.status} ${JSON.stringify(started.body)}`);
    const id = started.body.data.id;
    const job = await this.until("export", "the export", async () => {
      const { body } = await callFunction(this.org.stack, this.org.admin, "GET", `/leads/jobs/${id}`);
      const { status, done_items } = body.data;
      return {
        progress: [status, done_items],
        done: ["completed", "failed", "canceled"].includes(status) ? body.data : undefined,
      };
    });
    if (job.status !== "completed") throw new Error(`the export is ${job.status}: ${job.error_message}`);
    const link = await callFunction(this.org.stack, this.org.admin, "GET", `/leads/exports/${id}/download`);
    const file = await fetch(link.body?.data?.url ?? "about:blank").then((response) => response.text());
    const lines = Papa.parse<string[]>(file.replace(/^\ufeff/, "").trim()).data.slice(1);
    const digits = (text: string) => text.replace(/\D/g, "").slice(-10);
    const found = lines.map(([first, last, phone]) => `${first} ${last} ${digits(phone ?? "")}`).sort();
    const wanted = owners.map(({ first, last, phone }) => `${first} ${last} ${digits(phone)}`).sort();
    this.expect("the export's rows", found, wanted);
  }

  private expect(what: string, found: unknown, wanted: unknown): void {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) this.wrong.push(`${what}: ${a.slice(0, 300)}, should be ${b.slice(0, 300)}`);
  }
}
