// The messages of Postgres' protocol that the pooler reads and writes itself.

const PROTOCOL = 196_608;
export const SSL_REQUEST = 80_877_103;
export const GSS_REQUEST = 80_877_104;
export const CANCEL_REQUEST = 80_877_102;

export function message(type: string, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part)),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

/** A message without a type: the first of a connection. */
export function startup(parameters: Map<string, string>): Buffer {
  const pairs = [...parameters].flatMap(([name, value]) => [`${name}\0`, `${value}\0`]);
  const body = Buffer.concat([int32(PROTOCOL), Buffer.from(`${pairs.join("")}\0`)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

/** Asks the server to cancel what one of its connections does. */
export function cancelRequest(key: Buffer): Buffer {
  return Buffer.concat([int32(16), int32(CANCEL_REQUEST), key]);
}

/** @param body of a startup message, after the protocol's version */
export function readParameters(body: Buffer): Map<string, string> {
  const words = body.toString().split("\0");
  const parameters = new Map<string, string>();
  for (let at = 0; words[at]; at += 2) parameters.set(words[at] as string, words[at + 1] ?? "");
  return parameters;
}

export function fatalError(code: string, text: string): Buffer {
  return message("E", "SFATAL", "VFATAL", `C${code}`, `M${text}`, Buffer.from([0]));
}
