// The routes that the functions serve, from the OpenAPI document each of them gives.
import { findFunctions } from "../../scripts/generate/find-functions.ts";
import type { TestStack } from "../fixtures/test-stack.ts";

export interface FoundRoute {
  /** "GET /leads/{id}" */
  name: string;
  method: string;
  path: string;
  permission: string;
}

/** Throws, naming the function, if it has no document: its routes would not be tested. */
export async function readRoutes(stack: TestStack): Promise<FoundRoute[]> {
  const documents = await Promise.all(
    (await findFunctions()).map(async ({ name }) => {
      const response = await fetch(`${stack.FUNCTIONS_URL}/${name}/openapi.json`);
      if (!response.ok) throw new Error(`function ${name} gives no openapi.json: ${response.status}`);
      return (await response.json()) as { paths: Record<string, Record<string, Record<string, string>>> };
    }),
  );
  return documents
    .flatMap(({ paths }) =>
      Object.entries(paths).flatMap(([path, operations]) =>
        Object.entries(operations).map(([verb, operation]) => {
          const method = verb.toUpperCase();
          return { name: `${method} ${path}`, method, path, permission: operation["x-permission"] ?? "none" };
        }),
      ),
    )
    .sort((a, b) => a.name.localeCompare(b.name));
}
