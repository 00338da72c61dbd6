// Sets up @supabase/lite as the hosted platform's REST, auth and storage, and answers requests with it.
import path from "node:path";
import { App, setExperimental } from "@supabase/lite";
import { allowAnyOrigin, answerPreflight } from "./answer-cors.ts";
import { answerStorage } from "./answer-storage.ts";
import { keepFilterTexts } from "./keep-filter-texts.ts";
import { LiteConnection } from "./lite-connection.ts";
import { MailFolder } from "./mail-folder.ts";
import { mendRestAnswer } from "./mend-rest-answer.ts";
import { ObjectFolder } from "./object-folder.ts";
import { POSTGREST_TYPES } from "./postgrest-types.ts";
import { quietLite } from "./quiet-lite.ts";
import { refuseUnreadableBody } from "./refuse-unreadable-body.ts";
import { watchSchema } from "./watch-schema.ts";

export type LiteOptions = {
  /** Connection of the role `authenticator`: may become anon, authenticated, service_role; acts for auth and storage. */
  databaseUrl: string;
  /** Connection of a superuser, used for nothing but reading the catalog and noticing its changes. */
  catalogUrl: string;
  keys: { publishable: string; secret: string; jwtSecret: string };
  /** Folder of storage's objects; auth's mails go to its sub-folder `mail`. */
  storageDir: string;
  log: (line: string) => void;
  /** Seconds an access token is valid. Default 3600. */
  jwtExpirySeconds?: number;
  /** Database connections at most. Default 15. */
  maxConnections?: number;
  /** Bytes a stored object may have at most. Default 100 MiB. */
  maxObjectBytes?: number;
};

export type Lite = {
  app: App;
  fetch: (request: Request) => Promise<Response>;
  reload: () => Promise<void>;
  stop: () => Promise<void>;
};

const mebibyte = 1024 * 1024;

/** Connects and reads the schema. Errors: the database refuses the connection. */
export async function openLite(options: LiteOptions): Promise<Lite> {
  setExperimental("storage", true);
  // bcrypt at its default cost of 10 holds the one event loop of this stack for 60 ms per sign-in; 6 costs 4 ms, and the
  // passwords here guard a machine's own demo data.
  process.env.LITE_AUTH_BCRYPT_COST ??= "6";
  const maxBytes = options.maxObjectBytes ?? 100 * mebibyte;
  const connection = new LiteConnection(
    {
      url: options.databaseUrl,
      postgresOptions: {
        onnotice: () => {},
        connection: { application_name: "gateway" },
        types: POSTGREST_TYPES,
      },
    },
    options.maxConnections ?? 15,
    options.catalogUrl,
  );
  const app = new App({
    connection,
    options: {
      server: { admin: false, disableStudio: true },
      drivers: { email: new MailFolder(path.join(options.storageDir, "mail"), options.log) },
    },
    // An API key without a token still works; "anonymous" would let a malformed token pass as none.
    api: { schemas: ["public"], max_rows: 1000, anonymous_enabled: false },
    auth: {
      jwt_secret: options.keys.jwtSecret,
      publishable_key: options.keys.publishable,
      secret_key: options.keys.secret,
      jwt_expiry: options.jwtExpirySeconds ?? 3600,
      email: { enable_confirmations: false },
    },
    storage: { file_size_limit: `${Math.floor(maxBytes / mebibyte)}MiB` },
    studio: { enabled: false },
  });
  app._storageAdapter = new ObjectFolder(path.join(options.storageDir, "objects"), maxBytes);
  const reload = () => quietLite(options.log, () => connection.reload());
  await quietLite(options.log, async () => {
    await app.init();
    await connection.reload();
  });
  const stopWatching = await watchSchema(options.catalogUrl, () =>
    reload().catch((error: Error) => options.log(`the schema could not be read anew: ${error.message}`)),
  );
  return {
    app: app as unknown as App,
    fetch: (request) =>
      quietLite(options.log, () => answer(app as unknown as App, request, options.keys.jwtSecret)),
    reload,
    stop: async () => {
      await stopWatching();
      await connection.close();
    },
  };
}

async function answer(app: App, request: Request, jwtSecret: string): Promise<Response> {
  const preflight = answerPreflight(request);
  if (preflight) return preflight;
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/storage/v1/"))
    return allowAnyOrigin(await answerStorage(app, request, jwtSecret));
  if (!pathname.startsWith("/rest/v1/")) return allowAnyOrigin(await app.fetch(request));
  const readable = await refuseUnreadableBody(request);
  return allowAnyOrigin(
    readable instanceof Response
      ? readable
      : await mendRestAnswer(await app.fetch(keepFilterTexts(readable))),
  );
}
