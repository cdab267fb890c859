/** Answers come from outside: their fields are read one by one, and what is not there is undefined. */
export function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

export function itemsOf(body: unknown): unknown[] | undefined {
  const items = field(body, 'items');
  return Array.isArray(items) ? items : undefined;
}
