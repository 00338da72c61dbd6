// The part of Deno 2.1's global object that the runner's own files use, typed: they are checked with Node's types.

type DenoRuntime = {
  args: string[];
  build: { os: string };
  env: { get(name: string): string | undefined };
  memoryUsage(): { rss: number };
  permissions: { revoke(descriptor: { name: string }): Promise<unknown> };
  stdin: { read(buffer: Uint8Array): Promise<number | null> };
  stdout: { writeSync(bytes: Uint8Array): number };
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request, info: ServeInfo) => Promise<Response>,
  ): { addr: { port: number } };
  dlopen(
    library: string,
    symbols: Record<string, { parameters: string[]; result: string }>,
  ): {
    symbols: {
      clock(): number | bigint;
      clock_gettime(clock: number, time: BigInt64Array): number;
      _exit(code: number): void;
    };
  };
};

export type ServeInfo = { completed: Promise<void> };

export const deno = (globalThis as unknown as { Deno: DenoRuntime }).Deno;
