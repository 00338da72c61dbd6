// Texts that quote what we wrote: reactions of phones, quoted mail, instructions. Only the person's own words are judged.
import { describe, expect, it } from "vitest";
import { boundText } from "../../../supabase/functions/_shared/answers/fold-text.ts";
import { classifyInbound } from "../../../supabase/functions/_shared/sms/classify-inbound.ts";

const OURS =
  "Hi Maria, this is Ana with Acme Land. Would you take an offer for your 10 acres in Travis? Reply STOP to opt out.";
const SPANISH =
  "Hola Pedro, soy Ana de Acme. ¿Le interesa vender su terreno en Llano? Responda ALTO para no recibir más mensajes.";
const classOf = (body: string, sent: string[] = [OURS]) => classifyInbound(body, null, sent).class;

describe("a reaction", () => {
  it.each([
    [`Liked “${OURS}”`, "liked"],
    [`Loved "${OURS}"`, "liked"],
    [`Liked ${OURS}`, "liked"],
    [`Liked “${OURS.slice(0, 60)}…`, "liked"],
    [`Disliked “${OURS}”`, "disliked"],
    [`Laughed at “${OURS}”`, "reaction"],
    [`👍 to “${OURS}”`, "liked"],
    [`Reacted 😡 to “${OURS}”`, "disliked"],
    [`Removed a like from “${OURS}”`, "reaction"],
    [`Le gustó “${SPANISH}”`, "liked"],
    [`No le gustó “${SPANISH}”`, "disliked"],
    [`Reaccionó con 👍 a “${SPANISH}”`, "liked"],
    ["Liked an image", "liked"],
  ])("%j is %s", (body, expected) => {
    expect(classOf(body, [OURS, SPANISH])).toBe(expected);
    expect(classifyInbound(body, null, [OURS, SPANISH])).toMatchObject({ kind: "reaction", holds: false });
  });

  it("does not hide what the person adds to it", () => {
    expect(classOf(`Liked “${OURS}” but stop texting me`)).toBe("stop");
    expect(classOf(`Disliked “${OURS}” STOP`)).toBe("stop");
  });

  it("is none if a person only uses the word", () => {
    expect(classOf("Liked the offer, call me")).toBe("interested");
    expect(classOf("Loved that land, not selling")).toBe("not_interested");
    expect(classOf("Questioned my sister, she says no")).toBe("reply");
  });
});

describe("our own words", () => {
  it.each([
    [`Yes\n> ${OURS}`, "interested"],
    [`${OURS}\n\nYes, call me`, "interested"],
    [`Yes\n\nOn Mon, Jun 1, 2026 at 3:04 PM Acme <a@acme.test>\nwrote:\n${OURS}`, "interested"],
    [`No thanks\n-----Original Message-----\nFrom: Acme\n${OURS}`, "not_interested"],
    [`"Would you take an offer for your 10 acres in Travis? Reply STOP to opt out" who is this`, "reply"],
    [`Stop\n> ${OURS}`, "stop"],
    [`STOP\n\nEl lun, 1 jun 2026, Acme escribió:\n${SPANISH}`, "stop"],
    [`${OURS} remove me`, "stop"],
  ])("%j is %s", (body, expected) => {
    expect(classOf(body, [OURS, SPANISH])).toBe(expected);
  });

  it("sent back without a word of the person's are looked at by a person", () => {
    expect(classifyInbound(OURS, null, [OURS])).toMatchObject({
      kind: "reply",
      class: "review",
      holds: true,
    });
  });

  it("are judged as the person's if we did not send them", () => {
    expect(classOf("stop sending these texts to me", [OURS])).toBe("stop");
    expect(classOf("Reply STOP", [])).toBe("stop");
  });
});

describe("long texts", () => {
  const PARTS = [
    "no me ",
    "a",
    "remove ",
    " \n",
    "no quiero que me ",
    "do not ",
    "STOP by ",
    "¿?.,- ",
    "“",
    "Liked “",
    "> ",
    "\u0301",
    "👍",
    "s t o p ",
    "On Mon ",
    "El ",
    "wrote: ",
    "ѕ",
    "stop texting me ",
    "I asked you to ",
    "Reply STOP to opt out. ",
    "AAA0",
  ]; // prettier-ignore

  it("of 100,000 characters are bounded before anything is searched in them", () => {
    for (const part of PARTS) {
      const text = part.repeat(Math.ceil(100_000 / part.length));
      const bounded = boundText(text);
      expect(bounded.length).toBeLessThan(2_100);
      expect(classifyInbound(text, null, [text]), JSON.stringify(part)).toEqual(
        classifyInbound(bounded, null, [bounded]),
      );
    }
  });

  it("are read at both ends", () => {
    const long = "We have had this land for years. ".repeat(3_000);
    expect(classifyInbound(`${long} Stop texting me`).kind).toBe("stop");
    expect(classifyInbound(`Stop texting me. ${long}`).kind).toBe("stop");
  });
});
