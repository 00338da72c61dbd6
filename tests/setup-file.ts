// Runs before each test file (vitest setupFiles).
import { forgetMade } from "./fixtures/count-made.ts";

forgetMade();
