// The project's folder.
import { fileURLToPath } from "node:url";

/** Folder that holds package.json and supabase/. */
export const PROJECT_DIR = fileURLToPath(new URL("../..", import.meta.url));
