// Finds the regular expressions of a TypeScript file: its literals, and those made from strings.
import ts from "typescript";

export interface FoundPattern {
  /** Path and line: supabase/functions/_shared/http/cors.ts:40. */
  place: string;
  source: string;
  flags: string;
}

/** A pattern that is made of more than constants, so that it is only known when it runs. */
export interface UnknownPattern {
  place: string;
  path: string;
  /** The call as written, with white space collapsed. */
  expression: string;
}

export interface FoundPatterns {
  known: FoundPattern[];
  unknown: UnknownPattern[];
}

/** String methods that make a pattern from a string argument. */
const MAKE_PATTERNS = ["match", "matchAll", "search"];

/** @param path the file's path below the project, for the places */
export function findPatterns(path: string, text: string): FoundPatterns {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const constants = readConstants(file);
  const found: FoundPatterns = { known: [], unknown: [] };
  const visit = (node: ts.Node): void => {
    const place = `${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      found.known.push({ place, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    } else {
      const made = readMadePattern(node, constants);
      if (made !== undefined && made !== "unknown") found.known.push({ place, ...made });
      else if (made === "unknown")
        found.unknown.push({ place, path, expression: node.getText(file).replaceAll(/\s+/g, " ") });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** @returns undefined for a node that makes no pattern from a string */
function readMadePattern(
  node: ts.Node,
  constants: ReadonlyMap<string, ts.Expression>,
): Pick<FoundPattern, "source" | "flags"> | "unknown" | undefined {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
  const [first, second] = node.arguments ?? [];
  const called = node.expression;
  if (ts.isIdentifier(called) && called.text === "RegExp") {
    if (first && ts.isRegularExpressionLiteral(first) && second === undefined) return undefined;
    const source = first && readText(first, constants);
    const flags = second ? readText(second, constants) : "";
    return source === undefined || flags === undefined ? "unknown" : { source, flags };
  }
  if (!ts.isPropertyAccessExpression(called) || !MAKE_PATTERNS.includes(called.name.text)) return undefined;
  if (!first || !(ts.isStringLiteralLike(first) || ts.isTemplateExpression(first))) return undefined;
  const source = readText(first, constants);
  return source === undefined ? "unknown" : { source, flags: "" };
}

/** The top-level constants of a file, by name. */
function readConstants(file: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement) || !(statement.declarationList.flags & ts.NodeFlags.Const))
      continue;
    for (const { name, initializer } of statement.declarationList.declarations)
      if (ts.isIdentifier(name) && initializer) constants.set(name.text, initializer);
  }
  return constants;
}

/** The value of a string expression of constants, undefined if it has other parts. */
function readText(
  expression: ts.Expression,
  constants: ReadonlyMap<string, ts.Expression>,
): string | undefined {
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (ts.isParenthesizedExpression(expression)) return readText(expression.expression, constants);
  if (ts.isTemplateExpression(expression)) {
    let text = expression.head.text;
    for (const { expression: part, literal } of expression.templateSpans) {
      const value = readText(part, constants);
      if (value === undefined) return undefined;
      text += value + literal.text;
    }
    return text;
  }
  if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const left = readText(expression.left, constants);
    const right = readText(expression.right, constants);
    return left === undefined || right === undefined ? undefined : left + right;
  }
  if (
    ts.isPropertyAccessExpression(expression) &&
    expression.name.text === "source" &&
    ts.isIdentifier(expression.expression)
  ) {
    const pattern = constants.get(expression.expression.text);
    return pattern && ts.isRegularExpressionLiteral(pattern)
      ? pattern.text.slice(1, pattern.text.lastIndexOf("/"))
      : undefined;
  }
  if (!ts.isIdentifier(expression)) return undefined;
  const value = constants.get(expression.text);
  return value && readText(value, constants);
}
