// Refuses an override of quiet hours unless Twilio is a simulator: against the real one it would wake people.
import { AppError } from "../../_shared/http/app-error.ts";
import type { MachineContext } from "../../_shared/http/context.ts";
import { isLoopbackUrl } from "../../_shared/twilio/is-loopback-url.ts";

/**
 * @param input a campaign's fields as they would be saved
 * @throws AppError invalid_input if quiet_hours_override is asked for and Twilio is not a simulator on this machine
 */
export function refuseOverride({ env }: MachineContext, input: { quiet_hours_override?: boolean }): void {
  if (!input.quiet_hours_override || isLoopbackUrl(env.get("TWILIO_API_URL"))) return;
  throw new AppError("invalid_input", "Quiet hours can't be overridden.", {
    errors: [
      {
        field: "quiet_hours_override",
        message: "Remove it: it is allowed only while TWILIO_API_URL is a simulator on this machine.",
      },
    ],
  });
}
