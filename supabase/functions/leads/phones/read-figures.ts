// Counts the phones of all leads: by kind of line, validity and consent, looked up or not.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { phoneFigures } from "./schemas.ts";

export async function readFigures({ db }: UserContext): Promise<z.output<typeof phoneFigures>> {
  return dataOrThrow(await db.rpc("phone_figures")) as unknown as z.output<typeof phoneFigures>;
}
