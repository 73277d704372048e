// Draws a chart again for pointer and keys, from the numbers in the page. The server's drawing and
// the table stay for whoever has the page read aloud. Tips are drawn as text: HTML in them would
// need styles that the page's policy forbids. Nothing moves by itself.
import { BarChart, CustomChart, LineChart, SankeyChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { flow } from "./flow.js";
import { look } from "./look.js";
import { panes } from "./panes.js";

use([BarChart, CustomChart, LineChart, SankeyChart, GridComponent, TooltipComponent, SVGRenderer]);

const SHAPES = { panes, flow };
const FEWEST_SHOWN = 2;
const FEWEST_TO_ZOOM = 4;
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

class Interactive {
  constructor(figure, words) {
    this.data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    this.points = (this.data.names || this.data.nodes).length;
    this.shape = SHAPES[this.data.shape];
    this.shown = { from: 0, until: this.points, hidden: new Set() };
    this.at = 0;
    this.place = document.createElement("div");
    this.place.className = `interactive ${this.data.shape}`;
    this.plane = this.makePlane(figure, words);
    this.place.append(this.scroll(), this.tools(words));
    figure.querySelector(".drawn").after(this.place);
    this.chart = init(this.plane, null, { renderer: "svg" });
    this.draw();
    new ResizeObserver(() => this.chart.resize()).observe(this.plane);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // A chart that is gone through by arrow keys is what assistive technology calls a slider.
  makePlane(figure, words) {
    const plane = document.createElement("div");
    plane.className = "stage";
    plane.tabIndex = 0;
    plane.setAttribute("role", "slider");
    plane.setAttribute("aria-label", `${figure.querySelector("h2").textContent}. ${words.keys}`);
    plane.setAttribute("aria-valuemin", 1);
    plane.setAttribute("aria-valuemax", this.points);
    plane.addEventListener("keydown", (event) => this.press(event));
    plane.addEventListener("focus", () => plane.matches(":focus-visible") && this.tell(this.at));
    plane.addEventListener("blur", () => this.quiet());
    return plane;
  }

  scroll() {
    const scroll = document.createElement("div");
    scroll.className = "wide-scroll";
    scroll.append(this.plane);
    return scroll;
  }

  tools(words) {
    const tools = document.createElement("div");
    tools.className = "chips";
    const names = (this.data.panes || []).flatMap((pane) => pane.series.map((one) => one.name));
    if (names.length > 1) tools.append(...names.map((name) => this.toggle(name, names.length)));
    if (this.data.panes && this.points >= FEWEST_TO_ZOOM) {
      tools.append(
        button("+", () => this.zoom((this.shown.until - this.shown.from) / 2), words.nearer),
        button("−", () => this.zoom((this.shown.until - this.shown.from) * 2), words.farther),
      );
    }
    return tools;
  }

  toggle(name, all) {
    const { hidden } = this.shown;
    const one = button(name, () => {
      if (!hidden.delete(name) && hidden.size < all - 1) hidden.add(name);
      one.setAttribute("aria-pressed", !hidden.has(name));
      this.draw();
    });
    one.setAttribute("aria-pressed", "true");
    return one;
  }

  draw() {
    const tokens = look();
    const drawn = this.shape(this.data, this.shown, tokens);
    this.plane.style.height = `${drawn.height}px`;
    this.chart.resize();
    this.chart.setOption({ ...tokens.option, ...drawn.option }, true);
    this.plane.setAttribute("aria-valuenow", this.at + 1);
    this.plane.setAttribute("aria-valuetext", this.data.tips[this.at]);
  }

  zoom(width) {
    const wanted = Math.min(this.points, Math.max(FEWEST_SHOWN, Math.round(width)));
    this.show(Math.round(this.at + 0.5 - wanted / 2), wanted);
  }

  show(first, width) {
    this.shown.from = Math.max(0, Math.min(this.points - width, first));
    this.shown.until = this.shown.from + width;
    this.draw();
  }

  press(event) {
    const steps = { ...STEPS, Home: -this.points, End: this.points }[event.key];
    if (event.key === "Escape") this.quiet();
    if (steps === undefined) return;
    event.preventDefault();
    this.tell(Math.max(0, Math.min(this.points - 1, this.at + steps)));
  }

  tell(at) {
    this.at = at;
    const { from, until } = this.shown;
    if (at < from || at >= until) this.show(at < from ? at : at - (until - from) + 1, until - from);
    this.plane.setAttribute("aria-valuenow", at + 1);
    this.plane.setAttribute("aria-valuetext", this.data.tips[at]);
    this.quiet();
    const scroll = this.plane.parentElement;
    const { nodes = [] } = this.data;
    if (nodes.length) scroll.scrollLeft = (scroll.scrollWidth * nodes[at].depth) / (nodes[nodes.length - 1].depth + 1);
    const point = { seriesIndex: 0, dataIndex: at - this.shown.from };
    this.chart.dispatchAction({ type: "highlight", ...point });
    this.chart.dispatchAction({ type: "showTip", ...point });
  }

  quiet() {
    this.chart.dispatchAction({ type: "downplay", seriesIndex: 0 });
    this.chart.dispatchAction({ type: "hideTip" });
  }
}

function button(text, work, label = text) {
  const one = document.createElement("button");
  one.setAttribute("aria-label", label);
  return Object.assign(one, { type: "button", textContent: text, onclick: work });
}

// Turns a figure's interactive chart on or off, and says which.
globalThis.blaoCharts = (figure, words) => {
  const place = figure.querySelector(".interactive");
  const on = place ? place.hidden : true;
  if (place) place.hidden = !on;
  figure.querySelector(".drawn").classList.toggle("unseen", on);
  if (!place) new Interactive(figure, words);
  return on;
};
