import { stripTypeScriptTypes } from 'node:module';
import { parse, type Expression, type ObjectExpression, type Program } from 'acorn';

/**
 * The line (from 1) of a field in the config's source, or of its nearest parent that is written there.
 * `path` is as in `['groups', 'shop', 'tables', '0', 'forward', 'price']`. Undefined when nothing matches: a config may
 * be computed.
 */
export function lineOf(source: string, path: readonly string[]): number | undefined {
  let program: Program;
  try {
    // Stripping keeps every position: types become blanks.
    program = parse(stripTypeScriptTypes(source), {
      ecmaVersion: 'latest',
      sourceType: 'module',
      locations: true,
    });
  } catch {
    return undefined;
  }
  const root = exportedObject(program);
  if (root === undefined) return undefined;
  let node: Expression = root;
  let line = root.loc?.start.line;
  for (const part of path) {
    const child: Expression | undefined = childOf(node, part);
    if (child === undefined) break;
    line = child.loc?.start.line ?? line;
    node = child;
  }
  return line;
}

function exportedObject(program: Program): ObjectExpression | undefined {
  for (const statement of program.body) {
    if (statement.type !== 'ExportDefaultDeclaration') continue;
    const value = statement.declaration;
    if (value.type === 'ObjectExpression') return value;
    if (value.type === 'CallExpression') {
      const argument = value.arguments[0];
      if (argument?.type === 'ObjectExpression') return argument;
    }
  }
  return undefined;
}

function childOf(node: Expression, part: string): Expression | undefined {
  if (node.type === 'ArrayExpression') {
    const element = node.elements[Number(part)];
    return element && element.type !== 'SpreadElement' ? element : undefined;
  }
  if (node.type !== 'ObjectExpression') return undefined;
  for (const property of node.properties) {
    if (property.type !== 'Property' || property.computed) continue;
    const { key } = property;
    const name =
      key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
    if (name === part) return property.value;
  }
  return undefined;
}
