// Draws telemetryd's figures with Plotly in whatever room a page gives them: window.telemetrydCharts.
//
// A figure says in `layout.meta` what it shows (`alt`, `title`, `subtitle`) and which room its parts take
// (`room`), so that it can be fitted to another width than the one it was made for.
"use strict";

(() => {
  // Below these sizes (px) a heat map makes way for the lines, and a legend goes below the plot.
  const HEAT_WIDTH = 560;
  const HEAT_HEIGHT = 440;
  const LEGEND_WIDTH = 640;
  const LEGEND_SHARE = 0.35;
  const NARROW = 480;
  const EDGE = 16;
  const TOP = 22;

  const CONFIG = {
    displaylogo: false,
    doubleClick: "reset",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toggleSpikelines", "sendChartToCloud"],
    // Nothing is sent anywhere, by a button of Plotly's least of all.
    plotlyServerURL: "",
    showSendToCloud: false,
    showTips: false,
    toImageButtonOptions: { scale: 2 },
  };

  // What each element shows and how; which elements zoom together.
  const shown = new WeakMap();
  const groups = new WeakMap();
  const led = new WeakSet();

  /**
   * Draw a figure, `{data, layout}`, into an element; again into the same one to show another.
   *
   * `templates` are `{light, dark}`, of which `dark` (a boolean) chooses; without them the figure keeps its own.
   * `responsive` fits it to the element now and whenever that changes its size. `heading: false` leaves title
   * and subtitle out, for pages that have their own.
   */
  async function mount(element, figure, { dark, templates, responsive = false, heading = true } = {}) {
    const before = shown.get(element);
    const now = { figure, responsive, heading, template: null, observer: before?.observer ?? null, size: "" };
    if (templates) now.template = templates[dark ? "dark" : "light"];
    shown.set(element, now);
    const alt = figure.layout.meta?.alt;
    if (alt && !element.hasAttribute("aria-label")) {
      element.setAttribute("role", "img");
      element.setAttribute("aria-label", alt);
    }
    const fresh = !element._fullLayout;
    await draw(element);
    // A new plot has lost its listeners.
    if (fresh && groups.has(element)) listen(element);
    watch(element, now);
    return element;
  }

  /** Let the charts of some elements show the same part of time, whichever of them is zoomed. */
  function link(elements) {
    const group = new Set(elements);
    for (const element of group) {
      if (!groups.has(element)) listen(element);
      groups.set(element, group);
    }
  }

  /** Turn a chart light or dark by its template. */
  function retheme(element, template) {
    const state = shown.get(element);
    if (state) state.template = template;
    return window.Plotly.relayout(element, { template });
  }

  /** Fit a chart to its element, where that has changed its size unseen. */
  function resize(element) {
    return shown.get(element)?.responsive ? draw(element) : window.Plotly.Plots.resize(element);
  }

  function draw(element) {
    const { figure, responsive, heading, template } = shown.get(element);
    const layout = structuredClone(figure.layout);
    if (template) layout.template = template;
    layout.uirevision = JSON.stringify(figure.layout.xaxis?.range);
    if (!heading) behead(layout);
    let data = figure.data;
    if (responsive) data = fit(layout, data, element.clientWidth || layout.width, element.clientHeight || layout.height);
    return window.Plotly.react(element, data, layout, CONFIG);
  }

  function watch(element, state) {
    if (!state.responsive || state.observer) return;
    let waiting = 0;
    state.observer = new ResizeObserver(() => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => {
        const current = shown.get(element);
        const size = `${element.clientWidth} ${element.clientHeight}`;
        // Hidden elements have no size; what is drawn is right already for the same one.
        if (!current?.responsive || !element.clientWidth || size === current.size) return;
        const first = current.size === "";
        current.size = size;
        if (!first || !drawnAt(element, size)) draw(element);
      });
    });
    state.observer.observe(element);
  }

  function drawnAt(element, size) {
    const full = element._fullLayout;
    return full !== undefined && `${full.width} ${full.height}` === size;
  }

  function behead(layout) {
    delete layout.title;
    layout.annotations = (layout.annotations ?? []).filter((each) => each.templateitemname !== "subtitle");
    layout.margin = { ...layout.margin, t: Math.min(layout.margin?.t ?? TOP, TOP) };
  }

  /** Change a layout so that it fits into `width` by `height` pixels; returns the traces that are left. */
  function fit(layout, data, width, height) {
    const room = layout.meta?.room;
    const narrower = width < layout.width * 0.9;
    delete layout.width;
    delete layout.height;
    layout.autosize = true;
    if (!room) return data;
    const margin = layout.margin;
    margin.b -= room.legend.height;
    // Words among the marks were put where they do not touch at the width they were made for.
    let kept = narrower ? data.filter((trace) => trace.mode !== "text") : data;
    if (layout.yaxis2 && (width < HEAT_WIDTH || height < HEAT_HEIGHT)) {
      kept = kept.filter((trace) => trace.yaxis !== "y2");
      delete layout.yaxis2;
      delete layout.coloraxis;
      layout.annotations = layout.annotations.filter((each) => each.templateitemname !== "heading");
      layout.yaxis.domain = [0, 1];
      layout.xaxis.anchor = "y";
      room.right = EDGE;
    }
    if (layout.showlegend) fitLegend(layout, room, width, height);
    else margin.r = room.right;
    if (room.titles?.length) fitTitle(layout, room.titles, height);
    const plot = width - margin.l - margin.r;
    layout.xaxis.nticks = Math.max(2, Math.floor(plot / (layout.font.size * 6.5)));
    return kept;
  }

  /** Give the axis of values the longest of its titles that is no longer than it is, or none. */
  function fitTitle({ yaxis, margin }, titles, height) {
    const [low, high] = yaxis.domain ?? [0, 1];
    const length = (height - margin.t - margin.b) * (high - low);
    yaxis.title.text = titles.find(([, width]) => width <= length)?.[0] ?? "";
  }

  /** Put the legend below the plot where it was, or where there is no room beside it. */
  function fitLegend(layout, room, width, height) {
    const { legend, margin } = layout;
    if (legend.orientation === "v" && width >= LEGEND_WIDTH) return;
    const { entries, entry, row } = room.legend;
    const inset = width < NARROW ? 4 : EDGE;
    margin.r = room.right;
    const ticks = margin.b;
    const columns = Math.max(1, Math.floor((width - margin.r - inset) / (entry + 54)));
    const rows = Math.min(Math.ceil(entries / columns), Math.max(1, Math.floor((height * LEGEND_SHARE) / row)));
    margin.b += (rows + 0.6) * row;
    Object.assign(legend, {
      orientation: "h",
      xref: "paper",
      x: -(margin.l - inset) / (width - margin.l - margin.r),
      xanchor: "left",
      yref: "paper",
      y: -ticks / (height - margin.t - margin.b),
      yanchor: "top",
      entrywidthmode: "pixels",
      entrywidth: entry + 6,
      // What has no room is scrolled to.
      maxheight: (rows + 0.4) * row,
    });
  }

  function listen(element) {
    element.on?.("plotly_relayout", (change) => {
      if (led.has(element) || !isAboutTime(change)) return;
      // As the axis has it: what it was told may be written otherwise, and then no chart would be like another.
      const { autorange, range } = element._fullLayout.xaxis;
      for (const other of groups.get(element) ?? []) {
        const axis = other !== element && other._fullLayout?.xaxis;
        if (axis && autorange && axis.autorange !== autorange) lead(other, { "xaxis.autorange": true });
        if (axis && !autorange && String(axis.range) !== String(range)) lead(other, { "xaxis.range": [...range] });
      }
    });
  }

  function isAboutTime(change) {
    return Object.keys(change).some((name) => name.startsWith("xaxis.range") || name === "xaxis.autorange");
  }

  /** Let a chart do as another; while it does, it leads nobody itself. */
  async function lead(element, change) {
    led.add(element);
    try {
      await window.Plotly.relayout(element, change);
    } finally {
      led.delete(element);
    }
  }

  window.telemetrydCharts = { mount, link, retheme, resize };
})();
