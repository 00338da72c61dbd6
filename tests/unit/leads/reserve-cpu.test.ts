// Uploads of one organisation that one isolate gets at once: together they use no more CPU than it has left after its last call.
import { expect, it } from "vitest";
import { AppError } from "../../../supabase/functions/_shared/http/app-error.ts";
import { MAX_FILE_BYTES } from "../../../supabase/functions/leads/imports/read-upload.ts";
import { reserveCpu } from "../../../supabase/functions/leads/imports/reserve-cpu.ts";

const OURS = "org-1";

function refusal(reserve: () => unknown): AppError {
  try {
    reserve();
  } catch (error) {
    return error as AppError;
  }
  throw new Error("it was not refused");
}

it("one of any size finds room, and others beside it are told to try again until it is done", () => {
  for (const kind of ["preview", "execute"] as const) {
    const giveBack = reserveCpu(OURS, kind, 2 * MAX_FILE_BYTES);
    const error = refusal(() => reserveCpu(OURS, "preview", 1_000));
    expect(error).toBeInstanceOf(AppError);
    expect([error.code, error.status, error.details?.retry_after]).toEqual(["try_again", 503, 2]);
    giveBack();
    reserveCpu(OURS, "preview", 1_000)();
  }
});

it("small ones are read beside each other, as many as have room", () => {
  const given = [reserveCpu(OURS, "preview", 100_000), reserveCpu(OURS, "preview", 100_000)];
  refusal(() => reserveCpu(OURS, "preview", 100_000));
  const imports = Array.from({ length: 8 }, () => () => reserveCpu(OURS, "execute", 100_000));
  for (const giveBack of given) giveBack();
  for (const giveBack of imports.map((reserve) => reserve())) giveBack();
});

it("another organisation's is not refused because of them, however slowly they arrive", () => {
  const giveBack = reserveCpu(OURS, "execute", 2 * MAX_FILE_BYTES);
  reserveCpu("org-2", "preview", 2 * MAX_FILE_BYTES)();
  giveBack();
});
