// Lite passes JSON arguments of functions as text and casts them, "$1::jsonb"; the driver sees a jsonb parameter and
// encodes the text once more, so a function would get a JSON string instead of an object. Casting to text first prevents that.
import {
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  type PluginTransformResultArgs,
  type QueryResult,
  type RawNode,
  type UnknownRow,
} from "kysely";

/** The type's name if a node is only that: `sql.raw("jsonb")`. */
function rawText(node: OperationNode | undefined): string | undefined {
  return node?.kind === "RawNode" ? (node as RawNode).sqlFragments.join("") : undefined;
}

class JsonCastTransformer extends OperationNodeTransformer {
  protected override transformRaw(node: RawNode): RawNode {
    const raw = super.transformRaw(node);
    // Fragment n stands before parameter n: "… :=", value, "::", type.
    const castsJson = (part: string, n: number) =>
      part === "::" && /^jsonb?$/.test(rawText(raw.parameters[n]) ?? "");
    const sqlFragments = raw.sqlFragments.map((part, n) => (castsJson(part, n) ? "::text::" : part));
    return { ...raw, sqlFragments };
  }
}

const transformer = new JsonCastTransformer();

/** For the query of one function call only: elsewhere values reach the driver as they are. */
export const castJsonArguments: KyselyPlugin = {
  transformQuery: ({ node }) => transformer.transformNode(node),
  transformResult: async ({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> => result,
};
