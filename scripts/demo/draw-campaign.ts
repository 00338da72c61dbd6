// Draws a running campaign: one table, or one line if there is no terminal.
import { drawBar } from "./draw-bar.ts";
import type { Figures, LiveFigures } from "./live-figures.ts";
import type { Screen } from "./screen.ts";

const ROWS: (keyof Figures)[][] = [
  ["waiting", "queued", "sending", "unknown"],
  ["sent", "delivered", "undelivered", "failed"],
];

export function drawCampaign(screen: Screen, live: LiveFigures): void {
  const { figures, status, rate, texts, lastText } = live;
  const people = figures.audience - figures.excluded;
  const done = people - figures.waiting - figures.queued - figures.sending;
  const bar = drawBar(people > 0 ? done / people : 0);
  const cell = (name: string, value: number | string) => `${name.padEnd(11)} ${String(value).padStart(6)}`;
  screen.draw(
    [
      `  ${bar}  ${status}  ${rate.toFixed(0).padStart(3)} msg/s`,
      ...ROWS.map((row) => `  ${row.map((name) => cell(name, figures[name])).join("   ")}`),
      `  ${[cell("texts", texts), cell("opt-outs", figures.opt_outs)].join("   ")}   ${lastText ? `“${oneLine(lastText)}”` : ""}`,
    ],
    `  ${status}: waiting ${figures.waiting} · queued ${figures.queued} · sending ${figures.sending} · sent ${figures.sent} · delivered ${figures.delivered} · failed ${figures.failed} · texts ${texts} · opt-outs ${figures.opt_outs} · ${rate.toFixed(0)} msg/s`,
  );
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").slice(0, 44);
