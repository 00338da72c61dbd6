// What lies at a path in an answer: "parcel.acres", "results[0].is_dnc".

export const PATH = /^[\w-]+(\[\d{1,4}\])*(\.[\w-]+(\[\d{1,4}\])*)*$/;

/** @returns undefined where nothing is there; nothing of an object's own machinery is ever reached */
export function readPath(answer: unknown, path: string): unknown {
  let value: unknown = answer;
  for (const key of path.replace(/\[(\d+)\]/g, ".$1").split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
