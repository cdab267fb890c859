import * as board from '@grafana/grafana-foundation-sdk/dashboard';
import { height, panelOf, type PanelSpec } from './panel.ts';

export interface RowSpec {
  title: string;
  panels: readonly PanelSpec[];
}

export interface BoardSpec {
  /** Also the file's name. */
  uid: string;
  title: string;
  about: string;
  rows: readonly RowSpec[];
}

/** A dashboard as Grafana loads it: rows of panels, a choice of data source and of groups. */
export function boardOf({ uid, title, about, rows }: BoardSpec): board.Dashboard {
  const builder = new board.DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(['matapalo'])
    .readonly()
    .refresh('5s')
    .time({ from: 'now-30m', to: 'now' })
    .timezone('browser')
    .tooltip(board.DashboardCursorSync.Crosshair)
    .withVariable(new board.DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new board.QueryVariableBuilder('group')
        .label('Group')
        .datasource({ type: 'prometheus', uid: '${datasource}' })
        .query({ query: 'label_values(matapalo_group_phase, group)', refId: 'group' })
        .refresh(board.VariableRefresh.OnTimeRangeChanged)
        .sort(board.VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: 'All', value: '$__all' }),
    );
  let id = 0;
  let y = 0;
  for (const row of rows) {
    builder.withRow(new board.RowBuilder(row.title).id(++id).gridPos({ x: 0, y, w: 24, h: 1 }));
    y += 1;
    let x = 0;
    for (const spec of row.panels) {
      const width = spec.width ?? 12;
      if (x + width > 24) {
        x = 0;
        y += height;
      }
      builder.withPanel(panelOf(spec, ++id, x, y));
      x += width;
    }
    y += height;
  }
  return builder.build();
}
