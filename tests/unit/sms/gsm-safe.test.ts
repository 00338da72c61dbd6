// The spelling that stays in GSM-7, and what it saves.
import { describe, expect, it } from "vitest";
import { offerGsmSafe, toGsmSafe } from "../../../supabase/functions/_shared/sms/gsm-safe.ts";

describe("gsm-safe", () => {
  it.each([
    ["áíóú ÁÍÓÚ", "aiou AIOU"],
    ["é ñ ü ¿ ¡ É Ñ Ü à ö", "é ñ ü ¿ ¡ É Ñ Ü à ö"],
    ["e\u0301 i\u0301", "é i"],
    ["ç Ç â ê São", "c Ç a e Sao"],
    ["“hola” ‘sí’ – — … «x»", '"hola" \'si\' - - ... "x"'],
    ["1º 2ª 30°", "1o 2a 30o"],
    ["a\u00a0b\tc\r\nd", "a b c\nd"],
    ["{first_name} €5", "{first_name} €5"],
    ["😀 日本", "😀 日本"],
  ])("spells %j as %j", (text, safe) => {
    expect(toGsmSafe(text)).toBe(safe);
  });

  it("shows the cost of both spellings", () => {
    const text =
      "¿Ha pensado vender su terreno? Le haré una oferta sin compromiso aquí mismo. Responda ALTO para no recibir más.";
    expect(offerGsmSafe(text)).toMatchObject({
      changed: true,
      remaining: [],
      before: { encoding: "UCS-2", segments: 2 },
      after: { encoding: "GSM-7", segments: 1 },
    });
  });

  it("says what keeps a text out of GSM-7 even so", () => {
    expect(offerGsmSafe("sí 😀")).toMatchObject({
      changed: true,
      remaining: ["😀"],
      after: { encoding: "UCS-2" },
    });
    expect(offerGsmSafe("si")).toMatchObject({ changed: false, remaining: [] });
  });
});
