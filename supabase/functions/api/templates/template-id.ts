// How the dashboard names a template in a path.
import { z } from "zod";

export const templateId = z.object({
  id: z.union([z.uuid(), z.string().regex(/^[1-9]\d{0,14}$/)]).describe("The number, or the uuid"),
});
