import type { RowSpec } from './board.ts';
import { group, orZero, quantile, rate } from './promql.ts';

const requestsBySide = `sum by (group, side) (${rate('matapalo_proxy_requests_total')})`;
const errorsBySide = `sum by (group, side) (${rate('matapalo_proxy_requests_total', `${group},status="5xx"`)})`;

export const traffic: RowSpec = {
  title: 'Traffic',
  panels: [
    {
      title: 'Requests by side',
      about: 'Who answers. `none`: the proxy itself, when it refuses.',
      unit: 'reqps',
      queries: [{ expr: requestsBySide, legend: '{{group}} {{side}}' }],
    },
    {
      title: 'Requests by method and status',
      about: 'Answers by class.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (method, status) (${rate('matapalo_proxy_requests_total')})`,
          legend: '{{method}} {{status}}',
        },
      ],
    },
    {
      title: 'Errors by side',
      about:
        'Share of 5xx in what a side answers. A canary whose service errs more than the monolith goes back.',
      unit: 'percentunit',
      alarmAt: 0.05,
      queries: [
        {
          expr: `${orZero(errorsBySide, requestsBySide)} / (${requestsBySide} > 0)`,
          legend: '{{group}} {{side}}',
        },
      ],
    },
    {
      title: 'Latency by side',
      about: 'From the request to the end of its answer, time held included.',
      unit: 's',
      queries: [0.5, 0.99].map((q) => ({
        expr: quantile(q, 'matapalo_proxy_request_duration_seconds', 'group, side'),
        legend: `{{group}} {{side}} p${q * 100}`,
      })),
    },
    {
      title: 'Slowest routes behind',
      about: 'p99 of the five slowest routes, as monolith and services measure it themselves.',
      unit: 's',
      queries: [
        {
          expr: `topk(5, ${quantile(0.99, 'http_request_duration_seconds', 'job, service, method, route', 'job=~"monolith|services"')})`,
          legend: '{{job}} {{service}} {{method}} {{route}}',
        },
      ],
    },
    {
      title: 'Requests of monolith and services',
      about: 'What each answers, shadow copies and calls between modules included.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (job, service) (${rate('http_request_duration_seconds_count', 'job=~"monolith|services"')})`,
          legend: '{{job}} {{service}}',
        },
      ],
    },
  ],
};

export const shadow: RowSpec = {
  title: 'Shadow',
  panels: [
    {
      title: 'Comparisons',
      about: "Answers of the service beside the monolith's, by what was found.",
      unit: 'ops',
      queries: [
        {
          expr: `sum by (group, class) (${rate('matapalo_proxy_shadow_comparisons_total')})`,
          legend: '{{group}} {{class}}',
        },
      ],
    },
    {
      title: 'Mismatches',
      about:
        'Since the proxies started. `code` and `ordering` are neither lag nor noise: samples are in `matapalo status`.',
      kind: 'stat',
      width: 6,
      alarmAt: 1,
      queries: [
        {
          expr: `sum by (group, class) (matapalo_proxy_shadow_comparisons_total{${group},class=~"code|ordering"})`,
          legend: '{{group}} {{class}}',
        },
      ],
    },
    {
      title: 'Not compared',
      about:
        'Copies that were dropped because too many waited or an answer was too large, and those that wait now.',
      width: 6,
      queries: [
        {
          expr: `sum by (group) (${rate('matapalo_proxy_shadow_skipped_total')})`,
          legend: '{{group}} dropped/s',
        },
        { expr: 'sum(matapalo_proxy_shadow_pending)', legend: 'waiting' },
      ],
    },
  ],
};
