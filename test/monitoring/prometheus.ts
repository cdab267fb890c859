import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '#stack/clusters.ts';
import { parse, stringify } from 'yaml';

interface Scrape {
  job_name: string;
  static_configs?: { targets: string[] }[];
  dns_sd_configs?: unknown;
}
interface Config {
  global: Record<string, string>;
  scrape_configs: Scrape[];
}

export interface Rule {
  name: string;
  type: 'alerting' | 'recording';
  query: string;
  health: string;
  lastError?: string;
}
export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

/** The shipped configuration in a real Prometheus, with the targets of a running stack and a scrape each half second. */
export class Prometheus {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    this.#exit = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** `targets`: `host:port` by job. A job that the configuration names and nobody gives is an error, and the other way round. */
  static async start(
    folder: string,
    targets: Readonly<Record<string, readonly string[]>>,
  ): Promise<Prometheus> {
    const port = await freePort();
    cpSync('deploy/prometheus/rules', join(folder, 'rules'), { recursive: true });
    const config = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8')) as Config;
    config.global = { scrape_interval: '500ms', scrape_timeout: '450ms', evaluation_interval: '500ms' };
    const jobs = config.scrape_configs.map((scrape) => scrape.job_name);
    const given = Object.keys(targets);
    if (JSON.stringify([...jobs].sort()) !== JSON.stringify([...given, 'prometheus'].sort()))
      throw new Error(`The jobs are ${jobs.join(', ')}; targets were given for ${given.join(', ')}.`);
    for (const scrape of config.scrape_configs) {
      delete scrape.dns_sd_configs;
      const own = scrape.job_name === 'prometheus' ? [`127.0.0.1:${port}`] : targets[scrape.job_name];
      scrape.static_configs = [{ targets: [...(own ?? [])] }];
    }
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, stringify(config));
    const log = openSync(join(folder, 'prometheus.log'), 'a');
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', log, log] },
    );
    const started = new Prometheus(`http://127.0.0.1:${port}`, child);
    for (let attempt = 0; ; attempt++) {
      if (
        await fetch(`${started.url}/-/ready`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return started;
      if (child.exitCode !== null || attempt > 600)
        throw new Error(`Prometheus did not start:\n${readFileSync(join(folder, 'prometheus.log'), 'utf8')}`);
      await delay(100);
    }
  }

  /** Samples of an instant query; throws what Prometheus says of a query that is wrong. */
  async query(expr: string): Promise<Sample[]> {
    const answer = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr }),
    });
    const body = (await answer.json()) as { error?: string; data?: { result: Sample[] } };
    if (body.data === undefined) throw new Error(`${expr}: ${body.error ?? answer.status}`);
    return body.data.result;
  }

  async rules(): Promise<Rule[]> {
    const answer = await fetch(`${this.url}/api/v1/rules`);
    const body = (await answer.json()) as { data: { groups: { rules: Rule[] }[] } };
    return body.data.groups.flatMap((group) => group.rules);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    await this.#exit;
  }
}
