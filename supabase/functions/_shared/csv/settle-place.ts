// Fills in where a lead lives from columns that hold it in another form: city, state and ZIP code in one, a whole address in one,
// a ZIP code alone. The state decides when the person may be written to.
import { MAX_LENGTH } from "../leads/lead-values.ts";
import { stateOfZip } from "../leads/zip-states.ts";
import { caseText } from "./case-text.ts";
import { type Place, readFullAddress } from "./read-place.ts";
import type { RowDraft } from "./set-field.ts";

/**
 * @param hasState whether the row has a cell for the state. If it holds none of ours, such as Jalisco, the ZIP code isn't ours either
 * @returns the name of another country that the address is in; else null
 */
export function settlePlace(
  { lead, place, parcelPlace, parcel }: RowDraft,
  { hasState, keepCase }: { hasState: boolean; keepCase: boolean },
): string | null {
  if (parcelPlace?.state !== undefined && parcel.state === undefined) parcel.state = parcelPlace.state;
  if (place) fill(lead, place, keepCase);
  if (lead.state !== undefined) return null;
  if (typeof lead.address1 === "string" && !hasState) {
    const whole = readFullAddress(lead.address1);
    if (whole?.country !== undefined) return whole.country;
    if (whole) {
      if (whole.street !== undefined && lead.city === undefined) lead.address1 = whole.street;
      fill(lead, whole, keepCase);
    }
  }
  if (lead.state === undefined && !hasState && typeof lead.postal_code === "string") {
    const state = stateOfZip(lead.postal_code);
    if (state !== null) lead.state = state;
  }
  return null;
}

/** Columns of their own win. */
function fill(lead: RowDraft["lead"], { city, state, postal_code: zip }: Place, keepCase: boolean): void {
  if (lead.state === undefined && state !== undefined) lead.state = state;
  if (lead.postal_code === undefined && zip !== undefined) lead.postal_code = zip;
  if (lead.city === undefined && city !== undefined && city.length <= MAX_LENGTH.city)
    lead.city = keepCase ? city : caseText(city, "place");
}
