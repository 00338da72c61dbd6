// Our segment counts equal those of Twilio's calculator, on known edges, random texts and every kind of grapheme cluster.
import { SegmentedMessage } from "sms-segments-calculator";
import { describe, expect, it } from "vitest";
import { countSegments } from "../../../supabase/functions/_shared/sms/count-segments.ts";
import { makeRandom, seed } from "./make-random.ts";

/** The calculator takes up to a millisecond a text, and a busy machine makes that several. */
const SLOW = 180_000;

function countByCalculator(text: string) {
  const message = new SegmentedMessage(text);
  return { encoding: message.encodingName, segments: message.segmentsCount };
}

const count = (text: string) => {
  const { encoding, segments } = countSegments(text);
  return { encoding, segments };
};

describe("count-segments", () => {
  it.each<[string, string, string, number, number]>([
    ["nothing", "", "GSM-7", 1, 0],
    ["160 letters", "a".repeat(160), "GSM-7", 1, 160],
    ["161 letters", "a".repeat(161), "GSM-7", 2, 161],
    ["306 letters", "a".repeat(306), "GSM-7", 2, 306],
    ["307 letters", "a".repeat(307), "GSM-7", 3, 307],
    ["80 euro signs", "€".repeat(80), "GSM-7", 1, 160],
    ["81 euro signs", "€".repeat(81), "GSM-7", 2, 162],
    ["an escape at the cut", `${"a".repeat(152)}€${"a".repeat(151)}`, "GSM-7", 2, 305],
    ["an escape at the cut that costs a part", `${"a".repeat(152)}€${"a".repeat(152)}`, "GSM-7", 3, 306],
    ["two escapes at the cuts", `${"a".repeat(152)}€${"a".repeat(150)}€a`, "GSM-7", 3, 307],
    ["é ñ ü ¿ ¡ É Ñ", "é ñ ü ¿ ¡ É Ñ", "GSM-7", 1, 13],
    ["José", "Hola José", "GSM-7", 1, 9],
    ["María", "Hola María", "UCS-2", 1, 10],
    ["70 í", "í".repeat(70), "UCS-2", 1, 70],
    ["71 í", "í".repeat(71), "UCS-2", 2, 71],
    ["134 í", "í".repeat(134), "UCS-2", 2, 134],
    ["135 í", "í".repeat(135), "UCS-2", 3, 135],
    ["35 emoji", "😀".repeat(35), "UCS-2", 1, 70],
    ["36 emoji", "😀".repeat(36), "UCS-2", 2, 72],
    ["67 units before an emoji at the cut", `${"a".repeat(66)}😀${"a".repeat(66)}`, "UCS-2", 3, 134],
    ["families that are never cut", "👨‍👩‍👧‍👦".repeat(7), "UCS-2", 2, 77],
    ["a line end in two signs", "a\r\nb", "GSM-7", 1, 4],
  ])("%s", (_what, text, encoding, segments, units) => {
    expect(countSegments(text)).toEqual({ encoding, segments, units });
    expect(countByCalculator(text)).toEqual({ encoding, segments });
  });

  it(
    `counts as Twilio's calculator does on 3,000 random texts (seed ${seed})`,
    () => {
      const random = makeRandom();
      const words =
        "Hola María José Muñoz Núñez Ángel Peña terreno condado oferta ¿Vende usted? ¡Gracias! 10 acres €500 [sí] {no} ~ land owner Müller São \n";
      const emoji =
        "😀 👍🏽 👨‍👩‍👧‍👦 🇲🇽 🇺🇸🇲🇽 ❤️ 🏳️‍🌈 ☎️ 🧑🏿‍🌾 🫶🏽 “comillas” – … e\u0301 n\u0303 \u0301 각 한국 ไทย हिन्दी \ud83d".split(
          " ",
        );
      const pieces = words.split(" ");
      for (let i = 0; i < 3_000; i++) {
        const kind = random.int(0, 3);
        const length = random.int(0, 45);
        const parts = Array.from({ length }, () =>
          kind === 0 ? "abc xyz" : random.next() < kind * 0.08 ? random.pick(emoji) : random.pick(pieces),
        );
        const text = parts
          .join(random.pick([" ", ""]))
          .normalize(random.pick(["NFC", "NFD", "NFC"] as const));
        expect({ text, ...count(text) }).toEqual({ text, ...countByCalculator(text) });
      }
    },
    SLOW,
  );

  it(
    `cuts every mix of grapheme classes as the calculator does (seed ${seed})`,
    () => {
      const random = makeRandom();
      // One of each class: extender, flag letter, spacing mark, Hangul L V T LV LVT, prepended mark, emoji base, modifier,
      // joiner, glued sign, emoji that is both, control, letter.
      const classes = [
        "\ufe0f",
        "🇲",
        "\u0903",
        "\u1100",
        "\u1160",
        "\u11a8",
        "가",
        "각",
        "\u0600",
        "🎅",
        "🏽",
        "\u200d",
        "❤",
        "👩",
        "\u00ad",
        "í",
      ];
      for (let i = 0; i < 2_000; i++) {
        // 66 units put the mix across the end of the first part.
        const mix = Array.from({ length: random.int(2, 9) }, () => random.pick(classes)).join("");
        const text = `${"í".repeat(67 - random.int(1, mix.length))}${mix}${"í".repeat(random.int(0, 70))}`;
        expect({ text, ...count(text) }).toEqual({ text, ...countByCalculator(text) });
      }
    },
    SLOW,
  );

  it(
    "agrees on the encoding of every character of the basic plane",
    () => {
      const differing: string[] = [];
      for (let code = 0; code < 0x10000; code++) {
        const char = String.fromCharCode(code);
        if (countSegments(char).encoding !== new SegmentedMessage(char).encodingName) differing.push(char);
      }
      expect(differing).toEqual([]);
    },
    SLOW,
  );
});
