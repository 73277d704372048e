// Draws the charts of a page from the figures in it; the tables beneath carry the same numbers.
import { BarChart, LineChart, SankeyChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, SankeyChart, GridComponent, SVGRenderer]);

const WIDEST = 48;
const style = getComputedStyle(document.documentElement);
const token = (name) => style.getPropertyValue(`--${name}`).trim();
const text = { color: token("ink"), fontFamily: "inherit" };
const written = (figure) => typeof figure === "number" ? figure.toLocaleString(document.documentElement.lang) : figure;
const axis = { axisLabel: { color: token("muted"), formatter: written }, splitLine: { lineStyle: { color: token("hairline") } }, axisLine: { lineStyle: { color: token("border") } } };

const shapes = {
  line: ({ names, low, high, value }) => ({
    xAxis: { type: "category", data: names, ...axis },
    yAxis: { type: "value", scale: true, ...axis },
    series: [
      ...(low ? [
        { type: "line", data: low, stack: "band", symbol: "none", lineStyle: { opacity: 0 } },
        { type: "line", data: high.map((top, at) => top - low[at]), stack: "band", symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: token("chart-1"), opacity: 0.18 } },
      ] : []),
      { type: "line", data: value, color: token("chart-1"), symbolSize: 6, lineStyle: { width: 2.5 } },
    ],
  }),
  bars: ({ names, filled, outlined }) => ({
    xAxis: { type: "category", data: names, ...axis },
    yAxis: { type: "value", ...axis },
    series: [
      { type: "bar", data: filled, barMaxWidth: WIDEST, color: token("chart-1"), barGap: "20%" },
      ...(outlined ? [{ type: "bar", data: outlined, barMaxWidth: WIDEST, itemStyle: { color: "transparent", borderColor: token("ink"), borderWidth: 2 } }] : []),
    ],
  }),
  ranked: ({ names, values }) => ({
    xAxis: { type: "value", ...axis, axisLabel: { show: false } },
    yAxis: { type: "category", data: names, inverse: true, ...axis, axisLabel: { ...axis.axisLabel, width: 110, overflow: "break" } },
    series: [{ type: "bar", data: values, barMaxWidth: WIDEST, color: token("chart-1") }],
  }),
  sankey: ({ nodes, links }) => ({
    series: [{ type: "sankey", data: nodes.map((name, at) => ({ name, itemStyle: { color: token(`chart-${(at % 3) + 1}`) } })), links, layoutIterations: 0, emphasis: { disabled: true }, label: { ...text, width: 150, overflow: "break" }, lineStyle: { color: "source", opacity: 0.35 }, left: 8, right: 170 }],
  }),
};

for (const place of document.querySelectorAll("[data-chart]")) {
  const figures = JSON.parse(document.getElementById(place.dataset.figures).textContent);
  place.hidden = false;
  const shape = place.dataset.chart === "sankey" && place.clientWidth < 600 ? "ranked" : place.dataset.chart;
  const chart = init(place, null, { renderer: "svg" });
  chart.setOption({ animation: false, textStyle: text, grid: { left: 8, right: 24, top: 16, bottom: 8, containLabel: true }, ...shapes[shape](figures) });
  place.closest("figure")?.querySelector("details")?.removeAttribute("open");
  addEventListener("resize", () => chart.resize());
}
