// What the cells of columns about opt-outs, consent and status say of a phone, in English and Spanish.
import { describe, expect, it } from "vitest";
import { type FlagKind, readFlag } from "../../../supabase/functions/_shared/csv/read-flag.ts";

/** Texts between bars. */
const listOf = (...lines: string[]) => lines.join("").split("|");

const says = (kind: FlagKind, cell: string) => {
  const { isPlain: _, ...sign } = readFlag(kind, cell);
  return sign;
};
const DENIED = { consent: "denied" };
const GRANTED = { consent: "granted" };

describe("a column of opt-outs or do-not-call lists", () => {
  it.each(
    listOf(
      "yes|Y|TRUE|1|1.0|x|sí|Federal|Litigator|2023-01-05|1/5/2024 10:00|DNC|on list|Opted out",
      "|Do not call|No llamar|dado de baja|Federal: Y, State: N|on|replied no|maybe",
    ),
  )("%j denies", (cell) => {
    expect(says("listed", cell)).toEqual(DENIED);
  });

  it.each(
    listOf(
      " |no|N|false|0|0.0|0,00|clean|Clear|good|OK|Non-DNC|not DNC|not listed|Not on DNC list|no match",
      "|no hits|opted in|subscribed|off|DNC: No|Federal: N, State: N|N/A|NULL|-|unknown|none",
      "|not scrubbed|Not Checked|no_data|pending|0000-00-00|1/0/1900|desconocido|ninguno|no registrado",
      "|no encontrado|limpio",
    ),
  )("%j says nothing", (cell) => {
    expect(says("listed", cell)).toEqual({});
  });
});

it.each<FlagKind>(["listed", "consent", "subscribed", "phone", "lead", "active", "reassigned"])(
  "an empty cell of a column read as %s says nothing",
  (kind) => {
    for (const cell of ["", " "]) expect(says(kind, cell)).toEqual({});
  },
);

describe("a column of consent", () => {
  it.each(
    listOf(
      "no|N|false|0|0.0|denied|opt-out|Unsubscribed|not subscribed|No consent|revoked|do not text|STOP",
      "|blocked|DNC|dado de baja|no molestar|sin consentimiento|No autoriza|withdrawn",
    ),
  )("%j denies", (cell) => {
    expect(says("consent", cell)).toEqual(DENIED);
    expect(says("subscribed", cell)).toEqual(DENIED);
  });

  it.each(["yes", "Sí", "1", "1.0", "TRUE"])("%j grants, but not if it is only a subscription", (cell) => {
    expect(says("consent", cell)).toEqual(GRANTED);
    expect(says("subscribed", cell)).toEqual({});
  });

  it.each(["", "N/A", "unknown", "NULL", "maybe", "never asked", "pending", "no response", "2024-01-05"])(
    "%j says nothing",
    (cell) => {
      expect(says("consent", cell)).toEqual({});
    },
  );
});

describe("words about a phone", () => {
  it.each<[object, string[]]>([
    [
      DENIED,
      [
        "DNC",
        "do not call",
        "Opted Out",
        "opted-out",
        "Unsubscribed",
        "STOP",
        "texted STOP",
        "Blocked",
        "Litigator",
      ],
    ],
    [
      DENIED,
      ["No llamar", "no molestar por favor", "Dado de baja", "lista negra", "pidió baja", "bloqueado"],
    ],
    [
      { invalid: "wrong_number" },
      ["WRONG", "Wrong Number", "wrong #", "Wrong no.", "wrong person", "Wrong number!!"],
    ],
    [{ invalid: "wrong_number" }, ["Número equivocado", "numero incorrecto", "no es el dueño", "equivocado"]],
    [
      { invalid: "inactive" },
      ["Disconnected", "not in service", "bad number", "invalid", "Dead", "fuera de servicio", "no existe"],
    ],
    [{ invalid: "reassigned" }, ["Reassigned", "reasignado"]],
    [{ lineType: "landline" }, ["landline", "Land Line", "LL", "teléfono fijo", "fijo"]],
    [{ lineType: "mobile" }, ["cell", "Wireless", "celular"]],
    [{ ...DENIED, lineType: "landline" }, ["DNC, Landline", "landline / do not call"]],
  ])("%j: %j", (sign, cells) => {
    for (const cell of cells) expect(says("phone", cell), cell).toEqual(sign);
  });

  it.each(
    listOf(
      "Correct|no answer|left voicemail|call after 5|Home|yes|no|N/A|Interested|callback|Not DNC",
      "|no DNC|Non-DNC|DNC: No|DNC scrubbed|not a wrong number|DNC - clear|not on the DNC list",
      "|Unsubscribed from email|email opt out|no es litigante",
    ),
  )("%j say nothing", (cell) => {
    expect(says("phone", cell)).toEqual({});
  });
});

describe("words about a person", () => {
  it.each([
    "DNC",
    "Opted Out",
    "Unsubscribed",
    "vip, DNC",
    "Remove from list",
    "Do Not Contact",
    "baja",
    "Blocked",
  ])("%j deny", (cell) => {
    expect(says("lead", cell)).toEqual(DENIED);
  });
  it.each([
    "new",
    "Dead",
    "Deceased",
    "No Contact",
    "Rejected",
    "Inactive",
    "Expired",
    "NO-DNC",
    "TX-HAR",
    "Blocked access",
    "Baja California",
    "landline",
  ])("%j say nothing of the phone", (cell) => {
    expect(says("lead", cell)).toEqual({});
  });
});

describe("columns about the state of a line", () => {
  it.each<[FlagKind, string, object]>([
    ["active", "No", { invalid: "inactive" }],
    ["active", "0.0", { invalid: "inactive" }],
    ["active", "Disconnected", { invalid: "inactive" }],
    ["active", "Yes", {}],
    ["active", "N/A", {}],
    ["active", "unknown", {}],
    ["reassigned", "Yes", { invalid: "reassigned" }],
    ["reassigned", "no_data", {}],
    ["reassigned", "No", {}],
    ["inactive", "TRUE", { invalid: "inactive" }],
    ["inactive", "No", {}],
    ["wrong_number", "Y", { invalid: "wrong_number" }],
    ["wrong_number", "", {}],
  ])("%s: %j", (kind, cell, sign) => {
    expect(says(kind, cell)).toEqual(sign);
  });
});
