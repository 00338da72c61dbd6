// One line of log per event: a sentence, then key=value pairs, without secrets and phone numbers.
import { redact } from "./redact.ts";

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * A log whose lines all carry the same fields.
 * @param common fields of every line, such as area and request_id
 */
export function createLog(common: LogFields): Log {
  const write = (print: (line: string) => void, message: string, fields: LogFields = {}) => {
    const pairs = Object.entries({ ...fields, ...common })
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => `${key}=${/[\s="]/.test(String(value)) ? JSON.stringify(value) : value}`);
    // Newlines would let a caller forge lines of log.
    print(redact([message, ...pairs].join(" ")).replaceAll(/[\r\n]+/g, " | "));
  };
  return {
    info: (message, fields) => write(console.info, message, fields),
    warn: (message, fields) => write(console.warn, message, fields),
    error: (message, fields) => write(console.error, message, fields),
  };
}
