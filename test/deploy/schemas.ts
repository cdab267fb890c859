import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { repository } from './compose-file.ts';
import type { Manifest } from './manifests.ts';

type Schema = { [key: string]: unknown };

/** Kinds of Strimzi, by `apiVersion kind`; fields that their schemas do not know are refused. */
const strimzi = new Map<string, ValidateFunction>(
  Object.entries(
    JSON.parse(readFileSync(join(import.meta.dirname, 'strimzi/schemas.json'), 'utf8')) as Record<
      string,
      Schema
    >,
  ).map(([kind, schema]) => [
    kind,
    new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(closed(schema, true)),
  ]),
);

function closed(schema: Schema, top = false): Schema {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema['additionalProperties'];
  const children = Object.entries(schema).map(([key, value]) => {
    if (key === 'properties')
      return [
        key,
        Object.fromEntries(
          Object.entries(value as Schema).map(([n, s]) => [
            n,
            n === 'metadata' && top ? s : closed(s as Schema),
          ]),
        ),
      ];
    return [key, key === 'items' ? closed(value as Schema) : value];
  });
  const result = Object.fromEntries(children) as Schema;
  return 'properties' in schema && !open ? { ...result, additionalProperties: false } : result;
}

const moduleOf = ({ apiVersion }: Manifest): string =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;

/** What the API's schema has against a manifest; empty when it fits. */
export async function schemaProblems(manifest: Manifest): Promise<string[]> {
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  if (manifest.apiVersion.startsWith('kafka.strimzi.io/')) {
    const validate = strimzi.get(`${manifest.apiVersion} ${manifest.kind}`);
    if (validate === undefined) return [`${name}: no schema for ${manifest.apiVersion} ${manifest.kind}`];
    return validate(manifest)
      ? []
      : (validate.errors ?? []).map(
          (error) => `${name}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
        );
  }
  const models = (await import(moduleOf(manifest))) as Record<
    string,
    (new (data: unknown) => { validate(): void }) | undefined
  >;
  const Model = models[manifest.kind];
  if (Model === undefined) return [`${name}: ${manifest.apiVersion} has no ${manifest.kind}`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/**
 * Fields that the API does not know. Its published schemas let them pass, as an older server would drop them in silence; the
 * compiler refuses them in a literal of the kind's type.
 */
export function unknownFields(manifests: readonly Manifest[]): string[] {
  const typed = manifests.filter(({ apiVersion }) => !apiVersion.startsWith('kafka.strimzi.io/'));
  const folder = mkdtempSync(join(tmpdir(), 'matapalo-manifests-'));
  try {
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    const lines = typed.map(
      (manifest, index) =>
        `import type { I${manifest.kind} as K${index} } from '${moduleOf(manifest)}';\n` +
        `export const m${index} = ${JSON.stringify(manifest)} satisfies K${index};`,
    );
    writeFileSync(join(folder, 'manifests.ts'), `${lines.join('\n')}\n`);
    const { stdout } = spawnSync(
      process.execPath,
      [
        join(repository, 'node_modules/typescript/bin/tsc'),
        ...[
          '--noEmit',
          '--strict',
          '--skipLibCheck',
          '--module',
          'nodenext',
          '--target',
          'es2024',
          'manifests.ts',
        ],
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    return stdout.split('\n').filter((line) => line.includes('error'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
