// Sending at any hour is for simulators on this machine: anywhere else it is refused when saved.
import { expect, it } from "vitest";
import { readEnvironment } from "../../supabase/functions/_shared/environment/environment.ts";
import { AppError } from "../../supabase/functions/_shared/http/app-error.ts";
import { refuseOverride } from "../../supabase/functions/campaigns/campaign/refuse-override.ts";

const at = (TWILIO_API_URL: string | undefined, input: { quiet_hours_override?: boolean }) => () =>
  refuseOverride({ env: readEnvironment((name) => ({ TWILIO_API_URL })[name]) } as never, input);

it.each(["http://127.0.0.1:54329", "http://localhost:54329", "http://[::1]:54329", "http://127.1.2.3"])(
  "is allowed against %s",
  (url) => {
    expect(at(url, { quiet_hours_override: true })).not.toThrow();
  },
);

it.each([
  undefined,
  "",
  "https://api.twilio.com",
  "https://localhost.example.com",
  "https://127.0.0.1.example.com",
  "http://10.0.0.1",
  "http://user@127.0.0.1@api.twilio.com",
  "localhost",
])("is refused against %s, naming the field and the remedy", (url) => {
  const save = at(url, { quiet_hours_override: true });
  expect(save).toThrow(AppError);
  try {
    save();
  } catch (error) {
    expect((error as AppError).code).toBe("invalid_input");
    expect((error as AppError).details).toMatchObject({
      errors: [{ field: "quiet_hours_override", message: expect.stringContaining("TWILIO_API_URL") }],
    });
  }
  expect(at(url, { quiet_hours_override: false })).not.toThrow();
  expect(at(url, {})).not.toThrow();
});
