/** A name in two parts, as it is stored: split at the first space, so that joining gives back what was written. */
export interface NameParts {
  given: string;
  family: string | null;
}

export function splitName(name: string): NameParts {
  const space = name.indexOf(' ');
  return space < 0
    ? { given: name, family: null }
    : { given: name.slice(0, space), family: name.slice(space + 1) };
}

export const joinName = ({ given, family }: NameParts): string =>
  family === null ? given : `${given} ${family}`;
