// Gives a driver the array types that another has read, so that it need not query them on every new connection: when that
// query of postgres.js 3.4.9 fails, its error can't be caught and the process ends.
import type postgres from "postgres";

type TypeOptions = {
  parsers: Record<number, unknown>;
  serializers: Record<number, unknown>;
  shared: { typeArrayMap: Record<number, number> };
};

const typeOptions = (sql: postgres.Sql) => sql.options as unknown as TypeOptions;

/** Adds to `to` the types of `from` that it lacks; both must have been made with the same `types`. */
export function copyArrayTypes(from: postgres.Sql, to: postgres.Sql): void {
  const [source, target] = [typeOptions(from), typeOptions(to)];
  Object.assign(target.parsers, { ...source.parsers, ...target.parsers });
  Object.assign(target.serializers, { ...source.serializers, ...target.serializers });
  Object.assign(target.shared.typeArrayMap, source.shared.typeArrayMap);
}
