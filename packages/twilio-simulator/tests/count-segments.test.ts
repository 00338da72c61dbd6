// Segments agree with Twilio's own calculator.
import { SegmentedMessage } from "sms-segments-calculator";
import { expect, test } from "vitest";
import { countSegments } from "../src/state/count-segments.ts";
import { drawUnit } from "../src/state/draw-random.ts";

test.each([
  ["a", 160, 1],
  ["a", 161, 2],
  ["a", 306, 2],
  ["a", 307, 3],
  ["í", 70, 1],
  ["í", 71, 2],
  ["í", 134, 2],
  ["í", 135, 3],
  ["€", 80, 1],
  ["€", 81, 2],
  ["ñ", 160, 1],
  ["😀", 35, 1],
  ["😀", 36, 2],
])("%s times %i is %i segments", (character, times, segments) => {
  expect(countSegments(character.repeat(times))).toBe(segments);
});

test("600 random texts count as in Twilio's calculator", () => {
  const alphabets = ["abc def ", "aé€[]~ñ", "aáíóú ñ", "ab😀é🏡 ", "María y José "].map((text) => [...text]);
  for (let i = 0; i < 600; i++) {
    const alphabet = alphabets[i % alphabets.length] as string[];
    const length = Math.floor(drawUnit(i, 0) * 500) + 1;
    let text = "";
    for (let j = 0; j < length; j++)
      text += alphabet[Math.floor(drawUnit(i * 1_000 + j, 1) * alphabet.length)];
    expect([text, countSegments(text)]).toEqual([text, new SegmentedMessage(text).segmentsCount]);
  }
});
