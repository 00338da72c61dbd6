// The labelled texts of people: how many are understood. The figures of docs/compliance.md are these.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { classifyInbound } from "../../../supabase/functions/_shared/sms/classify-inbound.ts";
import {
  type CorpusLine,
  isOrdinary,
  isReported,
  isRight,
  readInboundCorpus,
  wilson,
} from "../../fixtures/read-inbound-corpus.ts";

const corpus = readInboundCorpus();
const results = corpus.map((line) => ({ line, found: classifyInbound(line.body) }));
const reported = results.filter(({ line }) => isReported(line));
const rightOf = (list: typeof results) => list.filter(({ line, found }) => isRight(line, found)).length;
const inGroup = (group: CorpusLine["group"]) => reported.filter(({ line }) => line.group === group);

describe("the corpus", () => {
  it("is large, in two languages, and has no text twice", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(1_500);
    expect(corpus.filter(isOrdinary).length).toBeGreaterThanOrEqual(600);
    expect(corpus.filter(({ language }) => language === "es").length).toBeGreaterThanOrEqual(500);
    expect(new Set(corpus.map(({ body }) => body)).size).toBe(corpus.length);
  });

  it("has halves of like size", () => {
    const free = corpus.filter(({ working }) => !working).length;
    expect(Math.abs(reported.length / free - 0.5)).toBeLessThan(0.03);
  });
});

describe("of the corpus", () => {
  it.each(
    results.filter(({ line }) => line.group === "given").map(({ line, found }) => ({ ...line, found })),
  )("the given text $body is $want", ({ found, ...line }) => {
    expect(isRight(line, found), JSON.stringify(found)).toBe(true);
  });

  it("every standard word stops, with or without courtesy", () => {
    const wrong = results.filter(({ line, found }) => line.group === "standard" && !isRight(line, found));
    expect(wrong.map(({ line }) => line.body)).toEqual([]);
  });

  it("explicit wishes stop, 99 of 100", () => {
    const group = inGroup("explicit");
    expect(rightOf(group) / group.length).toBeGreaterThanOrEqual(0.99);
  });

  it("ordinary answers don't stop, but for 5 of 1,000", () => {
    const ordinary = reported.filter(({ line }) => isOrdinary(line));
    const stopped = ordinary.filter(({ found }) => found.kind === "stop");
    expect(stopped.length / ordinary.length).toBeLessThanOrEqual(0.005);
  });

  it("the other kinds are understood, and few ordinary answers are held", () => {
    const share = (want: CorpusLine["want"]) => {
      const kind = reported.filter(({ line }) => line.want === want);
      return rightOf(kind) / kind.length;
    };
    for (const want of ["liked", "disliked", "reaction", "help", "start", "deceased"] as const)
      expect(share(want), want).toBe(1);
    for (const want of [
      "review",
      "wrong_number",
      "not_stop",
      "neutral",
      "interested",
      "not_interested",
    ] as const)
      expect(share(want), want).toBeGreaterThanOrEqual(0.96);
    expect(share("automatic")).toBeGreaterThanOrEqual(0.9);
    const ordinary = reported.filter(({ line }) => isOrdinary(line));
    expect(ordinary.filter(({ found }) => found.holds).length / ordinary.length).toBeLessThanOrEqual(0.01);
  });

  it("the figures are those of docs/compliance.md", () => {
    const document = readFileSync(join(import.meta.dirname, "../../../docs/compliance.md"), "utf8");
    for (const row of figures()) expect(document).toContain(row);
  });
});

/** The lines of the figures. */
function figures(): string[] {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const row = (name: string, hits: number, of: number) => {
    const [low, high] = wilson(hits, of);
    return `${name}: ${hits} of ${of}, ${percent(hits / of)} (${percent(low)} to ${percent(high)})`;
  };
  const of = (name: string, group: typeof results) => row(name, rightOf(group), group.length);
  const want = (...wanted: CorpusLine["want"][]) => reported.filter(({ line }) => wanted.includes(line.want));
  const ordinary = reported.filter(({ line }) => isOrdinary(line));
  return [
    of("standard words that stop", inGroup("standard")),
    of("explicit wishes that stop", inGroup("explicit")),
    row(
      "ordinary answers that stop",
      ordinary.filter(({ found }) => found.kind === "stop").length,
      ordinary.length,
    ),
    row(
      "ordinary answers that are held",
      ordinary.filter(({ found }) => found.holds).length,
      ordinary.length,
    ),
    of("doubtful texts that stop or are held", want("review")),
    of("wrong numbers", want("wrong_number")),
    of("news of a death", want("deceased")),
    of("reactions", want("liked", "disliked", "reaction")),
    of("automatic answers", want("automatic")),
    of("interest or none", want("interested", "not_interested")),
  ];
}
