// Series over the same points in panes under one another, each pane with an axis of its own.
import { written } from "./look.js";

const HIGH = 240;
const LOW = 96;
const NAME = 28;
const BETWEEN = 44;
const BELOW = 32;
const FIGURE = 8;
const SHORTEST = 3;
const BAR = 0.34;
const GAP = 0.08;
const CAP = 4;

export function panes(data, { from, until, hidden }, { token, text, option }) {
  const cut = (values) => values.slice(from, until);
  const shown = data.panes
    .map((pane) => ({ ...pane, series: pane.series.filter((one) => !hidden.has(one.name)) }))
    .filter((pane) => pane.series.length);
  const height = shown.length > 1 ? LOW : HIGH;
  const figures = shown.flatMap((pane) => pane.series.flatMap((one) => cut(one.values).flat()));
  const lengths = [...figures, 2 * Math.max(...figures)].map((one) => written(one || 0).length);
  const left = Math.max(SHORTEST, ...lengths) * FIGURE + 16;
  const label = { ...text, color: token("muted") };
  const line = { lineStyle: { color: token("border") } };
  const axes = shown.map((pane, index) => ({
    grid: { left, right: 16, top: NAME + index * (height + BETWEEN), height, outerBoundsMode: "none" },
    xAxis: {
      gridIndex: index, type: "category", data: cut(data.names), axisLine: line, axisTick: { show: false },
      axisLabel: { ...label, show: index === shown.length - 1 },
    },
    yAxis: {
      gridIndex: index, type: "value", scale: !pane.zero, splitNumber: shown.length > 1 ? 2 : 5,
      name: pane.name, nameTextStyle: { ...text, align: "left", padding: [0, 0, 0, 8 - left] },
      axisLabel: { ...label, formatter: written }, splitLine: { lineStyle: { color: token("hairline") } },
    },
  }));
  return {
    height: NAME + shown.length * (height + BETWEEN) - BETWEEN + BELOW,
    option: {
      ...Object.fromEntries(["grid", "xAxis", "yAxis"].map((part) => [part, axes.map((one) => one[part])])),
      axisPointer: { link: [{ xAxisIndex: "all" }], label: { show: false }, lineStyle: { color: token("border") } },
      tooltip: { ...option.tooltip, trigger: "axis", formatter: ([first]) => data.tips[from + first.dataIndex] },
      series: shown.flatMap((pane, index) =>
        pane.series.flatMap((one) =>
          KINDS[one.kind](cut(one.values), cut(one.kinds || []), token, pane.series)
            .map((series) => ({ ...series, name: one.name, xAxisIndex: index, yAxisIndex: index }))),
      ),
    },
  };
}

const KINDS = {
  line: (values, _, token) => [
    { type: "line", data: values, color: token("chart-1"), symbol: "circle", symbolSize: 8, lineStyle: { width: 2.5 } },
  ],

  // ECharts fills down to the series beneath: the band is its height, on a line nobody sees.
  band: (values, _, token) => [
    { data: values.map(([low]) => low) },
    { data: values.map(([low, high]) => high - low), areaStyle: { color: token("chart-1"), opacity: 0.2 } },
  ].map((one) => ({ ...one, type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 } })),

  columns: (values, kinds, token) => [{
    type: "bar", barWidth: `${BAR * 100}%`, barGap: `${(GAP / BAR) * 100}%`,
    data: values.map((value, at) => ({ value, itemStyle: filling(kinds[at], token) })),
  }],

  whiskers: (values, _, token, beside) => {
    const aside = beside.filter((one) => one.kind === "columns").length > 1 ? (BAR + GAP) / 2 : 0;
    return [{
      type: "custom", silent: true, z: 3, encode: { x: 0, y: [1, 2] },
      data: values.map((ends, at) => (ends ? [at, ...ends] : [at, "-", "-"])),
      renderItem: (_params, api) => whisker(api, aside, token("ink")),
    }];
  },
};

function filling(kind, token) {
  return kind === "filled"
    ? { color: token("chart-1") }
    : { color: "transparent", borderColor: token("ink"), borderWidth: 2 };
}

function whisker(api, aside, stroke) {
  const [low, high] = [1, 2].map((end) => api.coord([api.value(0), api.value(end)]));
  if (Number.isNaN(low[1])) return null;
  const x = low[0] - aside * api.size([1, 0])[0];
  const rule = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke, lineWidth: 2 } });
  return {
    type: "group",
    children: [rule(x, low[1], x, high[1]), ...[low, high].map(([, y]) => rule(x - CAP, y, x + CAP, y))],
  };
}
