// Reads the value at a path in an answer, such as "parcel.acres" or "results[0].is_dnc".

export const PATH = /^[\w-]+(\[\d{1,4}\])*(\.[\w-]+(\[\d{1,4}\])*)*$/;

/** @returns undefined if nothing is there; only an object's own properties are read, never its prototype's */
export function readPath(answer: unknown, path: string): unknown {
  let value: unknown = answer;
  for (const key of path.replace(/\[(\d+)\]/g, ".$1").split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
