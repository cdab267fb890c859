import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as board from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export interface Query {
  expr: string;
  /** Grafana's template of a series' name: `{{group}}`. */
  legend: string;
}

export interface PanelSpec {
  title: string;
  /** What it shows, and what is good. */
  about: string;
  /** `time`: lines; `stat`: the newest values; `states`: coloured bars, by `values`. */
  kind?: 'time' | 'stat' | 'states';
  /** Of Grafana's: `s`, `bytes`, `reqps`, `percentunit`, `short`. */
  unit?: string;
  /** Width in 24ths. */
  width?: number;
  queries: readonly Query[];
  /** Text and colour of a value. */
  values?: Readonly<Record<number, readonly [text: string, colour: string]>>;
  /** From here on red. */
  alarmAt?: number;
}

const height = 8;
const source = { type: 'prometheus', uid: '${datasource}' };

/** The panel at its place in the row, `x` in 24ths. */
export function panelOf(spec: PanelSpec, id: number, x: number, y: number): Builder<board.Panel> {
  const { kind = 'time', unit = 'short', width = 12 } = spec;
  const panel =
    kind === 'time'
      ? new timeseries.PanelBuilder()
          .fillOpacity(8)
          .spanNulls(15_000)
          .showPoints(common.VisibilityMode.Never)
          .legend(
            new common.VizLegendOptionsBuilder()
              .showLegend(true)
              .displayMode(common.LegendDisplayMode.List)
              .placement(common.LegendPlacement.Bottom),
          )
          .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
      : kind === 'stat'
        ? new stat.PanelBuilder()
            .colorMode(common.BigValueColorMode.Value)
            .graphMode(common.BigValueGraphMode.None)
            .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
        : new timeline.PanelBuilder().mergeValues(true).showValue(common.VisibilityMode.Auto);
  panel
    .id(id)
    .title(spec.title)
    .description(spec.about)
    .datasource(source)
    .unit(unit)
    .gridPos({ x, y, w: width, h: height });
  if (kind === 'time') panel.min(0);
  if (spec.values !== undefined) panel.mappings([mapping(spec.values)]);
  panel.thresholds(thresholds(spec.alarmAt));
  spec.queries.forEach(({ expr, legend }, index) =>
    panel.withTarget(
      new prometheus.DataqueryBuilder()
        .refId(String.fromCharCode(65 + index))
        .datasource(source)
        .expr(expr)
        .legendFormat(legend)
        .range(),
    ),
  );
  return panel;
}

function mapping(values: NonNullable<PanelSpec['values']>): board.ValueMapping {
  return {
    type: board.MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(values).map(([value, [text, color]], index) => [value, { text, color, index }]),
    ),
  };
}

function thresholds(alarmAt: number | undefined): Builder<board.ThresholdsConfig> {
  const steps: board.Threshold[] = [{ value: null, color: alarmAt === undefined ? 'text' : 'green' }];
  if (alarmAt !== undefined) steps.push({ value: alarmAt, color: 'red' });
  return new board.ThresholdsConfigBuilder().mode(board.ThresholdsMode.Absolute).steps(steps);
}

export { height };
