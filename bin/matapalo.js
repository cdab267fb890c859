#!/usr/bin/env node
// In a checkout the sources run as they are; a published package has the bundle.
import { existsSync } from 'node:fs';

const bundle = new URL('../dist/matapalo.js', import.meta.url);
const source = new URL('./matapalo.ts', import.meta.url);
await import(existsSync(source) ? source.href : bundle.href);
