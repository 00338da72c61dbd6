// Files that a service checked, and our own exports: what they say of each phone.
import { describe, expect, it } from "vitest";
import { suggestMapping } from "../../../supabase/functions/_shared/csv/suggest-mapping.ts";
import { readRows } from "../../fixtures/read-rows.ts";

describe("a scrubbed file", () => {
  it("says what kind of line it is, whether it is active, and whether somebody else has it now", () => {
    const columns = "PHONE,LINE_TYPE,ACTIVE,DNC_FEDERAL,DNC_STATE,LITIGATOR,RND_FLAG".split(",");
    const { mapping, rows } = readRows(
      columns,
      ["5125550101", "landline", "Yes", "N", "N", "N", "No"],
      ["5125550102", "wireless", "No", "N", "N", "N", "No"],
      ["5125550103", "VoIP", "Yes", "N", "N", "N", "Yes"],
      ["5125550104", "Mobile", "Yes", "N", "Y", "N", "no_data"],
      ["5125550105", "Mobile", "N/A", "N/A", "NULL", "0.0", "Unknown"],
    );
    expect(mapping).toMatchObject({
      LINE_TYPE: "primary_phone_type",
      ACTIVE: "phone_status",
      RND_FLAG: "phone_status",
    });
    expect(
      rows.map(({ phones }) => [
        phones?.[0]?.line_type,
        phones?.[0]?.invalid_reason,
        phones?.[0]?.consent_status,
      ]),
    ).toEqual([
      ["landline", undefined, undefined],
      ["mobile", "inactive", undefined],
      ["voip", "reassigned", undefined],
      ["mobile", undefined, "denied"],
      ["mobile", undefined, undefined],
    ]);
  });

  it.each([
    ["Phone 1 Active", "No", "inactive"],
    ["Phone 1 Connected", "N", "inactive"],
    ["Phone Validity", "Invalid", "inactive"],
    ["Disconnected", "Y", "inactive"],
    ["In Service", "No", "inactive"],
    ["Phone 1 Disconnected", "Y", "inactive"],
    ["Phone 1 Wrong Number", "Yes", "wrong_number"],
    ["Reassigned Number", "TRUE", "reassigned"],
    ["Wrong Number Flag", "1", "wrong_number"],
    ["primary_phone_valid", "no", "inactive"],
  ])("%j = %j", (header, cell, reason) => {
    const [row] = readRows(["Phone 1", header], ["5125550100", cell]).rows;
    expect(row?.phones?.[0]?.invalid_reason).toBe(reason);
  });

  it("does not take yes and no for phones", () => {
    const { mapping, rows } = readRows(["Name", "Phone", "Is Cell"], ["Ana B", "5125550100", "No"]);
    expect([mapping["Is Cell"], rows[0]?.warnings]).toEqual(["custom_field", undefined]);
  });

  it("does not take a column of active phones for a flag, nor an active listing", () => {
    expect(suggestMapping(["Active Phone 1", "Active Phone 2"])).toEqual({
      "Active Phone 1": "primary_phone",
      "Active Phone 2": "secondary_phone",
    });
    expect(suggestMapping(["Phone", "Active"]).Active).toBe("custom_field");
  });

  it.each(["Home", "Work", "Main", "Casa", "Trabajo"])(
    "takes %s for a place, not for a kind of line",
    (label) => {
      const [row] = readRows(
        ["Name", "Phone 1 - Label", "Phone 1 - Value"],
        ["Ann Bee", label, "5125550101"],
      ).rows;
      expect(row?.phones?.[0]).toEqual({ e164: "+15125550101", role: "primary", field: "Phone 1 - Value" });
    },
  );
});

describe("our own export", () => {
  it("keeps consent, validity and kind of each phone, and nothing more", () => {
    const columns = [
      "first_name",
      "primary_phone",
      "primary_phone_type",
      "primary_phone_consent",
      "primary_phone_valid",
      "primary_phone_carrier",
      "secondary_phone",
      "secondary_phone_type",
      "secondary_phone_consent",
      "secondary_phone_valid",
      "consent_status",
      "lead_id",
    ];
    const [row] = readRows(columns, [
      "Ana",
      "(512) 555-0100",
      "mobile",
      "denied",
      "yes",
      "Acme",
      "(512) 555-0101",
      "landline",
      "granted",
      "no",
      "unknown",
      "x",
    ]).rows;
    expect(row?.phones).toEqual([
      {
        e164: "+15125550100",
        role: "primary",
        field: "primary_phone",
        line_type: "mobile",
        consent_status: "denied",
      },
      {
        e164: "+15125550101",
        role: "secondary",
        field: "secondary_phone",
        line_type: "landline",
        consent_status: "granted",
        invalid_reason: "inactive",
      },
    ]);
  });
});
