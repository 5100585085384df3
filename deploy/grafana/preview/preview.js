// Draws the panels of a board from its JSON and the answers to their queries. It
// knows of the options those that the boards use.
'use strict';

const palette = ['#3f7fbf', '#d9822b', '#4f9a51', '#9a5fb4', '#c8a415', '#2a9d9d', '#b0567a', '#7a7f87', '#6f8f2f',
  '#5864c4', '#c25b4e', '#3b8f6f', '#8a6d3b', '#5fa2ce', '#a37bc9', '#738a96'];

const numeric = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i;

function element(parent, name, text, className) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  parent.append(e);
  return e;
}

// format shows a value in the unit that a field has.
function format(value, config) {
  if (value === '' || value === null || value === undefined) return '';
  if (!numeric.test(value)) return value;
  const decimals = config.decimals ?? (Math.abs(value) < 10 && value % 1 ? 2 : value % 1 ? 1 : 0);
  const text = Number(value).toLocaleString('en', {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: config.unit !== undefined,
  });
  switch (config.unit) {
    case 'percent': return text + ' %';
    case 'ms': return text + ' ms';
    case 's': return value < 120 ? text + ' s' : value < 7200 ? (value / 60).toFixed(1) + ' min' : hours(value);
  }
  return text;
}

const hours = value => (value / 3600).toLocaleString('en', {maximumFractionDigits: 0}) + ' h';

// overridden is the configuration of what an override names.
function overridden(panel, matches) {
  const config = structuredClone(panel.fieldConfig.defaults);
  config.custom = {...config.custom};
  for (const o of panel.fieldConfig.overrides) {
    if (!matches(o.matcher)) continue;
    for (const {id, value} of o.properties) {
      if (id.startsWith('custom.')) config.custom[id.slice(7)] = value;
      else config[id] = value;
    }
  }
  return config;
}

const fieldConfig = (panel, name) => overridden(panel, m => m.id === 'byRegexp' &&
  new RegExp(m.options.slice(1, -1)).test(name));

// seconds of a date, or of a time with its zone.
const seconds = text => Date.parse(text.length === 10 ? text :
  text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')) / 1000;

// series of a query: points by name.
function seriesOf(panel, refId, answer) {
  const config = overridden(panel, m => m.id === 'byFrameRefID' && m.options === refId);
  const at = answer.columns.indexOf('time'), metric = answer.columns.indexOf('metric');
  const list = new Map();
  for (const row of answer.rows) {
    row.forEach((value, i) => {
      if (i === at || i === metric) return;
      const name = metric < 0 ? answer.columns[i] : row[metric];
      if (!list.has(name)) list.set(name, {name, config, points: new Map()});
      if (value !== '') list.get(name).points.set(seconds(row[at]), Number(value));
    });
  }
  return [...list.values()];
}

// plot draws all series of a panel over one axis of times.
function plot(section, panel) {
  const all = panel.targets.flatMap(t => seriesOf(panel, t.refId, answers[panel.id][t.refId]));
  const names = [...new Set(all.filter(s => !s.config.color?.fixedColor).map(s => s.name))].sort();
  const colour = s => s.config.color?.fixedColor ?? palette[names.indexOf(s.name) % palette.length];
  const times = [...new Set(all.flatMap(s => [...s.points.keys()]))].sort((a, b) => a - b);
  const bars = panel.fieldConfig.defaults.custom?.drawStyle === 'bars';
  const sums = times.map(() => 0);
  const columns = all.map(s => times.map((t, i) => {
    const value = s.points.get(t);
    if (value === undefined) return bars ? null : undefined;
    return bars ? (sums[i] += value) : value;
  }));
  const order = all.map((_, i) => i);
  if (bars) order.reverse(); // the tallest is drawn first
  const width = Math.min(...times.slice(1).map((t, i) => t - times[i]), 86400);
  const box = element(section, 'div', undefined, 'plot');
  legend(section, all, colour);
  new uPlot({
    width: section.clientWidth - 14, height: box.clientHeight, legend: {show: false}, cursor: {show: false},
    tzDate: ts => uPlot.tzDate(new Date(ts * 1e3), 'UTC'),
    scales: {x: {range: () => [span.from, Math.max(span.to, (times.at(-1) ?? 0) + (bars ? width : 0))]},
      y: {range: (_, low, high) => [0, (high || 1) * 1.05]}},
    axes: [{stroke: '#5a6068', grid: {stroke: '#eef0f1', width: 1}, size: 28, font: '11px Inter, sans-serif',
      values: (_, ticks) => ticks.map(t => new Date(t * 1e3).toISOString().slice(5, 10))},
      {stroke: '#5a6068', grid: {stroke: '#eef0f1', width: 1}, size: 62, font: '11px Inter, sans-serif',
        values: (_, ticks) => ticks.map(v => format(String(v), {unit: panel.fieldConfig.defaults.unit}))}],
    series: [{}, ...order.map(i => ({
      stroke: colour(all[i]), width: all[i].config.custom.lineWidth ?? 2, points: {show: false},
      fill: bars ? colour(all[i]) + (all[i].config.custom.fillOpacity < 50 ? '30' : 'cc') : undefined,
      dash: all[i].config.custom.lineStyle?.dash, spanGaps: false,
      paths: bars ? uPlot.paths.bars({size: [0.85, 60], align: 1}) : undefined,
    }))],
  }, [times, ...order.map(i => columns[i])], box);
}

function legend(section, all, colour) {
  const list = element(section, 'div', undefined, 'legend'), shown = new Set();
  for (const s of all) {
    if (s.config.custom.hideFrom?.legend || shown.has(s.name)) continue;
    shown.add(s.name);
    const entry = element(list, 'span');
    element(entry, 'i').style.background = colour(s);
    entry.append(s.name);
  }
}

function figures(section, panel) {
  const {columns, rows} = answers[panel.id].A, config = panel.fieldConfig.defaults;
  const only = panel.options.reduceOptions.fields;
  const value = only ? columns.findIndex(c => new RegExp(only.slice(1, -1)).test(c)) : 0, label = config.displayName?.match(/fields\.(\w+)/)?.[1];
  const box = element(section, 'div', undefined, 'figures');
  for (const row of rows) {
    const figure = element(box, 'div');
    element(figure, 'b', format(row[value], config));
    if (label) element(figure, 'span', row[columns.indexOf(label)]);
  }
}

function table(section, panel) {
  const {columns, rows} = answers[panel.id].A;
  const hot = panel.fieldConfig.defaults.color?.mode?.startsWith('continuous');
  const isNumber = columns.map((_, i) => rows.some(r => r[i] !== '') && rows.every(r => r[i] === '' || numeric.test(r[i])));
  const most = Math.max(...rows.flatMap(r => r.filter((_, i) => isNumber[i]).map(Number)));
  const t = element(section, 'table', undefined, hot ? 'heat' : ''), head = element(t, 'tr');
  columns.forEach((c, i) => element(head, 'th', c, isNumber[i] ? 'number' : ''));
  for (const row of rows) {
    const line = element(t, 'tr');
    row.forEach((value, i) => {
      const cell = element(line, 'td', format(value, fieldConfig(panel, columns[i])), isNumber[i] ? 'number' : '');
      if (hot && isNumber[i]) {
        cell.style.background = `color-mix(in srgb, #1f60c4 ${90 * value / most}%, white)`;
        if (value > most / 2) cell.style.color = 'white';
      }
    });
  }
}

const draw = {timeseries: plot, stat: figures, table};
for (const panel of board.panels) {
  const section = element(document.querySelector('main'), 'section', undefined, panel.type);
  section.style.gridColumn = `span ${panel.gridPos.w}`;
  element(section, 'h2', panel.title);
  draw[panel.type](section, panel);
}
document.body.dataset.drawn = 'true';
