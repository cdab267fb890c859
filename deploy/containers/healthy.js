#!/usr/bin/env node
// `healthy URL`: exits 0 when the URL answers 2xx within 3 s. The base image has no curl.
const url = process.argv[2] ?? '';
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  process.exitCode = response.ok ? 0 : 1;
  if (!response.ok) process.stderr.write(`${url}: ${response.status} ${await response.text()}\n`);
} catch (error) {
  process.stderr.write(`${url}: ${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
