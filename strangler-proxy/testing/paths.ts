/** What holds for a route of a group holds for a path of no group, which goes to the monolith as it is. */
export const bothPaths = ['/items', '/of/no/group'] as const;
