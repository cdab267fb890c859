import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';

export interface Cruised {
  /** Modules of ours that were read; 0 means that nothing was checked. */
  modules: number;
  violations: { rule: string; from: string; to: string }[];
  /** Resolved imports between our own files. */
  edges: { from: string; to: string }[];
}

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: unknown[];
  options: Record<string, unknown>;
};

export const ruleNames = (config.forbidden as { name: string }[]).map((rule) => rule.name);

/** Runs the project's rules over `paths`, which are relative to `baseDir`. */
export async function cruiseTree(paths: string[], baseDir: string): Promise<Cruised> {
  const { enhancedResolveOptions, tsConfig: _tsConfig, exclude, ...options } = config.options;
  const result = await cruise(
    paths,
    {
      ...options,
      exclude,
      baseDir,
      validate: true,
      ruleSet: { forbidden: config.forbidden },
    } as ICruiseOptions,
    { ...(enhancedResolveOptions as object) },
    {
      tsConfig: { options: { baseUrl: resolve(baseDir), module: 'nodenext', moduleResolution: 'nodenext' } },
    },
  );
  const { summary, modules } = result.output as ICruiseResult;
  return {
    modules: modules.filter((module) => !module.source.includes('node_modules') && !module.coreModule).length,
    edges: modules.flatMap((module) =>
      module.dependencies.map((dependency) => ({ from: module.source, to: dependency.resolved })),
    ),
    violations: summary.violations.map((violation) => ({
      rule: violation.rule.name,
      from: violation.from,
      to: violation.to,
    })),
  };
}
