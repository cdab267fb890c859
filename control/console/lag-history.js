const kept = 120;
const seen = new Map();

/** Remembers what each poll said; a reload begins anew. */
export function remember(group, direction, lagMs) {
  const id = `${group} ${direction}`;
  const values = seen.get(id) ?? [];
  values.push(lagMs ?? null);
  seen.set(id, values.slice(-kept));
}

/** The last two minutes as a line, on a scale of its own that never shows less than 10 ms. */
export function sparkline(group, direction) {
  const values = seen.get(`${group} ${direction}`) ?? [];
  const known = values.filter((value) => value !== null);
  const highest = Math.max(10, ...known);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${kept} 20`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('role', 'img');
  svg.setAttribute(
    'aria-label',
    `${direction} lag, last ${values.length} s, at most ${Math.round(Math.max(0, ...known))} ms`,
  );
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  const points = values.flatMap((value, index) =>
    value === null ? [] : [`${kept - values.length + index},${19 - (value / highest) * 18}`],
  );
  line.setAttribute('points', points.join(' '));
  svg.append(line);
  return svg;
}
