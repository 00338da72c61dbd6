// What lite does not pass from a storage request to its adapter: the Range header, and whether it was honoured.
import { AsyncLocalStorage } from "node:async_hooks";

export type ByteRange = { start: number; end: number };

export class StorageRequest {
  outcome: "whole" | "partial" | "unsatisfiable" = "whole";
  size = 0;

  constructor(private readonly header: string | null) {}

  /**
   * Takes the object's size in bytes. Returns the first range asked for as [start, end), or null for the whole object
   * (no header, another unit, several ranges: RFC 9110 §14.2 lets a server ignore those).
   */
  takeRange(size: number): ByteRange | null {
    this.size = size;
    const match = /^bytes=(\d*)-(\d*)$/.exec(this.header?.trim() ?? "");
    if (!match || (match[1] === "" && match[2] === "")) return null;
    const [, first, last] = match as unknown as [string, string, string];
    const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
    if (start >= size || end <= start) {
      this.outcome = "unsatisfiable";
      return null;
    }
    this.outcome = "partial";
    return { start, end };
  }
}

const store = new AsyncLocalStorage<StorageRequest>();

/** Runs `fn` so that the object folder can see this request. */
export function withStorageRequest<T>(request: StorageRequest, fn: () => Promise<T>): Promise<T> {
  return store.run(request, fn);
}

export function currentStorageRequest(): StorageRequest | undefined {
  return store.getStore();
}
