// The route table of leads' parcels.
import { z } from "zod";
import { created, empty, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { parcel, parcelInput } from "../lead/schemas.ts";
import { addParcel } from "./add-parcel.ts";
import { removeParcel } from "./remove-parcel.ts";
import { updateParcel } from "./update-parcel.ts";

const lead = z.object({ id: z.uuid() });
const params = z.object({ id: z.uuid(), property_id: z.uuid() });
const COUNTY =
  "`county` must be a county of the parcel's `state`, in any common spelling (`HARRIS CO`, `Dona Ana`, `St. Louis City`); it is stored as the state's list spells it. A county that the state does not have is refused, with the nearest names in `details.suggestions`.";

export const routes = [
  route({
    method: "POST",
    path: "/{id}/properties",
    summary: "Add a parcel to a lead",
    description: COUNTY,
    permission: "operator",
    request: { params: lead, body: parcelInput },
    response: created(parcel),
    run: addParcel,
  }),
  route({
    method: "PATCH",
    path: "/{id}/properties/{property_id}",
    summary: "Change the given fields of a parcel; null empties a field",
    description: COUNTY,
    permission: "operator",
    request: {
      params,
      body: parcelInput.refine((changes) => Object.keys(changes).length > 0, {
        message: "Give at least one field to change.",
      }),
    },
    response: object(parcel),
    run: updateParcel,
  }),
  route({
    method: "DELETE",
    path: "/{id}/properties/{property_id}",
    summary: "Remove a parcel of a lead",
    permission: "operator",
    request: { params },
    response: empty(),
    run: removeParcel,
  }),
];
