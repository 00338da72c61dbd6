// What a file is, by its first bytes.
import { expect, it } from "vitest";
import { detectType, knownType, storedType } from "../../../supabase/functions/_shared/media/detect-type.ts";
import { FILES } from "../../fixtures/pictures.ts";

it.each([
  ["jpeg", "image/jpeg", true],
  ["png", "image/png", true],
  ["gif", "image/gif", true],
  ["webp", "image/webp", true],
  ["pdf", "application/pdf", false],
  ["mp4", "video/mp4", false],
  ["vcard", "text/vcard", false],
  ["text", "application/octet-stream", false],
] as const)("knows %s, and shows pictures alone", (name, type, isInline) => {
  const is = detectType(FILES[name]);
  expect(is).toMatchObject({ type, isInline });
  expect(knownType(type)).toEqual(is);
  expect(storedType(knownType(type))).toBe(isInline ? type : "application/octet-stream");
});

it.each(["html", "svg", "xml", "wideHtml"] as const)("takes no %s", (name) => {
  expect(detectType(FILES[name])).toBeNull();
});

it("takes no page behind whatever a browser skips", () => {
  for (const before of ["\ufeff", " \t\r\n\f", "\u0000\u0000", "\ufeff\n "])
    for (const page of ["<html>", "<SVG>", "<?xml ?>", "<!-- x -->", "<script>"])
      expect([before, page, detectType(Buffer.from(before + page))]).toEqual([before, page, null]);
});

it("shows nothing that it does not know, whatever a row says", () => {
  for (const type of ["text/html", "image/svg+xml", "image/jpeg; x", "", "application/xhtml+xml"])
    expect(storedType(knownType(type))).toBe("application/octet-stream");
});
