#!/usr/bin/env node
// In a checkout the sources run as they are; a published package has the bundle.
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `matapalo needs Node.js 22.18 or later; this is ${process.versions.node}. In a checkout, \`npx matapalo\` uses the right one.\n`,
  );
  process.exit(2);
}
const bundle = new URL('../dist/matapalo.js', import.meta.url);
const source = new URL('./matapalo.ts', import.meta.url);
await import(existsSync(source) ? source.href : bundle.href);
