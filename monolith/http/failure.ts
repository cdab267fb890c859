/** One line for a log or a terminal, whatever was thrown. */
export function describeFailure(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeFailure(error.errors[0]);
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}
