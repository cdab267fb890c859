/** A node with text or children; never markup, so that nothing that a database says can become any. */
export function element(tag, content, attributes = {}) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  if (Array.isArray(content)) node.append(...content);
  else if (content !== undefined) node.textContent = content;
  return node;
}

export const ms = (value) =>
  value === undefined || value === null
    ? 'unknown'
    : value < 10
      ? `${value.toFixed(1)} ms`
      : `${Math.round(value)} ms`;

export const count = (value) => Number(value).toLocaleString('en');

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value) {
  let amount = Number(value);
  let unit = 0;
  for (; amount >= 1024 && unit < units.length - 1; unit++) amount /= 1024;
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}
