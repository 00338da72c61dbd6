// Columns that say something about a phone: which field each goes to, and what becomes of the row.
import { describe, expect, it } from "vitest";
import { suggestMapping } from "../../../supabase/functions/_shared/csv/suggest-mapping.ts";
import { readRows } from "../../fixtures/read-rows.ts";

/** Texts between bars. */
const listOf = (...lines: string[]) => lines.join("").split("|");

const consentsOf = (columns: string[], ...rows: string[][]) =>
  readRows(columns, ...rows).rows.map(
    ({ lead, phones }) => lead?.consent_status ?? phones?.map((phone) => phone.consent_status).join() ?? "",
  );

describe("a column of opt-outs", () => {
  it.each(
    listOf(
      "OptedOut|Opt Out|SMS Opt Out|opt-out|OPT_OUT|Opted Out of SMS?|HasOptedOutOfSMS",
      "|has_opted_out_of_sms__c|Unsubscribed|Unsubscribed from SMS|is_unsubscribed|DND|SMS DND",
      "|Do Not Disturb|DoNotSMS|Do Not Text|Do Not Contact|Blacklisted|Blacklist|Blocked|Is Blocked",
      "|Suppressed|SMS Suppression|STOP|No SMS|Primary Phone Opt-Out Date|Opt Out Date|Opted Out At",
      "|Unsubscribe Date|opt_out_timestamp|Opt-out reason|DNC Reason|Do Not Call Date|Remove|Replied STOP|Rechaza mensajes|Dado de baja|Fecha de baja|Baja|No molestar",
      "|No llamar|No enviar SMS|Bloqueado|Lista negra|Desuscrito|Consent Revoked",
      "|Opted out of texts and emails",
    ),
  )("%j denies whoever is in it", (header) => {
    const { mapping, rows } = readRows(
      ["First Name", "Phone", header],
      ["Ana", "5125550100", "yes"],
      ["Luis", "5125550101", ""],
    );
    expect(mapping).toEqual({
      "First Name": "first_name",
      Phone: "primary_phone",
      [header]: expect.stringMatching(/phone_dnc$/),
    });
    expect(rows.map(({ phones }) => phones?.[0]?.consent_status)).toEqual(["denied", undefined]);
    expect(rows[0]?.lead?.custom_fields).toEqual({ [header]: "yes" });
    expect(rows.flatMap(({ warnings = [] }) => warnings)).toEqual([]);
  });

  it.each(
    listOf(
      "Email Opt Out|HasOptedOutOfEmail|Unsubscribed from emails|Do Not Mail|HasOptedOutOfFax",
      "|Opt Out Link|Unsubscribe URL|DNC Date|Block|Bus Stop|Spouse Opt Out|Date Removed From MLS",
    ),
  )("%j is none", (header) => {
    expect(suggestMapping(["Phone", header])[header]).toBe("custom_field");
  });

  it("is about one phone if its name or number says so", () => {
    const columns = ["Phone 1", "Phone 2", "Phone 1 Opt Out", "Phone 2 Opt-Out Date", "Blocked"];
    expect(
      readRows(columns, ["5125550100", "5125550101", "", "2024-01-05", ""]).rows[0]?.phones,
    ).toMatchObject([{ e164: "+15125550100" }, { e164: "+15125550101", consent_status: "denied" }]);
    expect(suggestMapping(columns)).toMatchObject({
      "Phone 1 Opt Out": "primary_phone_dnc",
      "Phone 2 Opt-Out Date": "secondary_phone_dnc",
      Blocked: "phone_dnc",
    });
    // Beside numbered phones, a phone without a number is any of them.
    expect(suggestMapping(["Phone 1", "Phone 2", "Phone Opt Out"])["Phone Opt Out"]).toBe("phone_dnc");
  });
});

describe("a column of consent", () => {
  it.each(
    listOf(
      "Subscribed|Is Subscribed|Subscription Status|Marketing Consent|Accepts SMS Marketing",
      "|SMS Marketing|OK to Text|Can Text|Textable|Suscrito|Acepta mensajes|SMS Consent|Opted In",
      "|Consentimiento|Opt-In/Opt-Out|Phone Consent|Cell Consent to Text",
    ),
  )("%j = No denies", (header) => {
    expect(
      consentsOf(["Name", "Phone", header], ["Ana B", "5125550100", "No"], ["Eva B", "5125550101", ""]),
    ).toEqual(["denied", ""]);
  });

  it.each([
    ["SMS Consent 2", "granted"],
    ["Subscribed", ""],
    ["OK to Text", ""],
    ["Accepts Marketing", ""],
  ])("%j = Yes: %j", (header, consent) => {
    expect(consentsOf(["Name", "Phone", "SMS Consent", header], ["Ana B", "5125550100", "", "Yes"])).toEqual([
      consent,
    ]);
  });

  it.each([
    "Opt In Date",
    "Consent Source",
    "Consent IP",
    "Consent Language",
    "Email Consent",
    "Subscription Plan",
  ])("%j is none", (header) => {
    expect(suggestMapping(["Phone", header])[header]).toBe("custom_field");
  });

  it("keeps a clear no among other words", () => {
    const odd = Array.from({ length: 8 }, (_, i) => [`Z${i}`, `512555011${i}`, "per contract"]);
    const rows = [
      ["A", "5125550101", "no"],
      ["B", "5125550102", "do not text"],
      ["C", "5125550103", "STOP"],
      ["D", "5125550104", "blocked"],
    ];
    const denied = Array.from({ length: 4 }, () => "denied");
    expect(consentsOf(["First Name", "Phone", "SMS Consent"], ...rows)).toEqual(denied);
    expect(consentsOf(["First Name", "Phone", "SMS Consent"], ...rows, ...odd).slice(0, 4)).toEqual(denied);
  });

  it("denies all phones if the person said no", () => {
    const columns = ["primary_phone", "primary_phone_consent", "consent_status"];
    const [row] = readRows(columns, ["5125550100", "granted", "denied"]).rows;
    expect([row?.lead?.consent_status, row?.phones?.[0]?.consent_status]).toEqual(["denied", undefined]);
  });
});

describe("a column of status words", () => {
  it("about the person: the status, and every phone", () => {
    const words = ["new", "DNC", "Opted Out", "Wrong Number", "Unsubscribed", "interested"];
    const { mapping, rows } = readRows(
      ["First Name", "Phone", "Status"],
      ...words.map((word, i) => [`N${i}`, `512555010${i}`, word]),
    );
    expect(mapping.Status).toBe("status");
    expect(
      rows.map(({ lead, phones }) => [
        lead?.status,
        phones?.[0]?.consent_status,
        phones?.[0]?.invalid_reason,
      ]),
    ).toEqual([
      ["new", undefined, undefined],
      ["do_not_contact", "denied", undefined],
      ["do_not_contact", "denied", undefined],
      [undefined, undefined, "wrong_number"],
      ["do_not_contact", "denied", undefined],
      ["interested", undefined, undefined],
    ]);
    expect(rows.flatMap(({ warnings = [] }) => warnings)).toEqual([]);
  });

  it("is read although most of its words are a program's own", () => {
    const words = ["Nurture", "Hot Lead 7", "DNC", "Follow up", "wrong number"];
    const { mapping, rows } = readRows(
      ["Phone", "Status"],
      ...words.map((word, i) => [`512555010${i}`, word]),
    );
    expect(mapping.Status).toBe("phone_status");
    expect(rows.map(({ phones }) => phones?.[0]?.consent_status ?? phones?.[0]?.invalid_reason)).toEqual([
      undefined,
      undefined,
      "denied",
      undefined,
      "wrong_number",
    ]);
    expect(
      rows.map(({ lead }) => (lead as { custom_fields: Record<string, string> }).custom_fields.Status),
    ).toEqual(words);
  });

  it.each(["Tags", "Tag", "Labels", "Etiquetas"])("%s", (header) => {
    const [row] = readRows(["Name", "Phone", header], ["Ana B", "5125550100", "vip, DNC"]).rows;
    expect(row?.phones?.[0]?.consent_status).toBe("denied");
    expect(row?.lead?.tags).toEqual(["VIP", "DNC"]);
  });

  it.each(["Disposition", "Last Call Result", "Contact Status", "Resultado", "Call Outcome"])(
    "%s",
    (header) => {
      expect(consentsOf(["Name", "Phone", header], ["Ana B", "5125550100", "Do Not Call"])).toEqual([
        "denied",
      ]);
    },
  );

  it.each(["Reply Status", "Last Response", "Estado de la llamada"])(
    "%s, with what people answered",
    (header) => {
      const rows = ["interested", "STOP", "wrong #"].map((word, i) => [`Ana ${i}`, `512555010${i}`, word]);
      expect(consentsOf(["Name", "Phone", header], ...rows)).toEqual(["", "denied", ""]);
    },
  );

  it.each(["Replied STOP", "do not txt", "no molestar", "blacklisted"])(
    "of any name, with %j in it",
    (cell) => {
      expect(consentsOf(["Name", "Phone", "Extra"], ["Ana", "5125550100", cell])).toEqual(["denied"]);
    },
  );

  it.each(["Stage", "Group", "Lead Stage", "Segmento", "Estado del contacto", "Estado"])(
    "%s, if one of its cells is such a word",
    (header) => {
      const rows = ["Nuevo", "Dado de baja", "x"].map((word, i) => [`Ana ${i}`, `512555010${i}`, word]);
      expect(consentsOf(["Name", "Phone", header], ...rows)).toEqual(["", "denied", ""]);
    },
  );

  it("in short notes, but not in long ones", () => {
    const long = "Called in May, she said her brother had unsubscribed from another list";
    const rows = ["DNC", "wrong number", "call after 5", long].map((note, i) => [
      `Ana ${i}`,
      `512555010${i}`,
      note,
    ]);
    const read = readRows(["Name", "Phone", "Notes"], ...rows).rows;
    expect(read.map(({ lead }) => lead?.notes)).toEqual(rows.map(([, , note]) => note));
    expect(read.map(({ phones }) => phones?.[0]?.consent_status ?? phones?.[0]?.invalid_reason)).toEqual([
      "denied",
      "wrong_number",
      undefined,
      undefined,
    ]);
  });

  it("about one phone each", () => {
    const columns = [
      "Phone 1",
      "Phone Status 1",
      "Phone Tags 1",
      "Phone 2",
      "Phone Status 2",
      "Estado del teléfono 2",
    ];
    const [row] = readRows(columns, ["5125550101", "WRONG", "DNC", "5125550102", "CORRECT", "fijo"]).rows;
    expect(row?.phones).toEqual([
      {
        e164: "+15125550101",
        role: "primary",
        field: "Phone 1",
        consent_status: "denied",
        invalid_reason: "wrong_number",
      },
      { e164: "+15125550102", role: "secondary", field: "Phone 2", line_type: "landline" },
    ]);
  });
});
