"use strict";
// Draws every <figure class="chart">: its JSON block is an option of ECharts, with some additions.
// "format" is {"currency": "USD", "decimals": 2} or {"decimals": 0, "suffix": " %"}: how values are
// written. A value is the amount itself, in whole units of the currency. "pixels" is the
// height of the canvas. Series may have a "tone", the name of a colour in the page's CSS. Colours and type come from the page's CSS.

const charts = new Map();

function formatter({ currency, decimals = 0, suffix = "" } = {}) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const kind = currency ? { style: "currency", currency, currencyDisplay: "narrowSymbol" } : {};
  const full = new Intl.NumberFormat("en-US", { ...digits, ...kind });
  const short = new Intl.NumberFormat("en-US", { notation: "compact", ...kind });
  return { full: (value) => (value == null ? "–" : full.format(value) + suffix), short: (value) => short.format(value) };
}

// A CSS colour as the browser computes it: ECharts does not understand light-dark().
function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// A heat map says its values in the figures themselves, and a bar what it is told to.
function dressed(series, write) {
  const { tone, ...given } = series;
  const dress = tone ? { itemStyle: { color: colour(tone), ...given.itemStyle } } : {};
  if (given.type === "heatmap") {
    const ink = { color: colour("ink"), textBorderWidth: 0, fontSize: 11 };
    dress.itemStyle = { borderColor: colour("line"), borderWidth: 1 };
    dress.label = { ...ink, formatter: ({ value }) => Math.round(value[2]), ...given.label };
    dress.tooltip = { formatter: ({ value, name }) => `${name}: ${write.full(value[2])}` };
  }
  if (given.type === "bar" && given.label) {
    dress.label = { color: colour("ink"), textBorderWidth: 0, ...given.label };
  }
  return { ...given, ...dress };
}

function themed(option) {
  const [ink, soft, line, raised] = ["ink", "ink-soft", "line", "raised"].map(colour);
  const palette = ["accent", "info", "warn", "bad", "good"].map(colour);
  const write = formatter(option.format);
  const axis = (given, isValue) => given && {
    axisLine: { lineStyle: { color: line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: line } },
    ...given,
    axisLabel: { color: soft, hideOverlap: true, ...(isValue ? { formatter: write.short } : {}), ...given.axisLabel },
  };
  return {
    color: palette,
    animation: false,
    aria: { enabled: true },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    grid: { left: 8, right: 24, top: !option.legend ? 12 : innerWidth < 500 ? 60 : 36, bottom: 8, containLabel: true },
    ...option,
    legend: option.legend && { top: 0, left: 0, textStyle: { color: soft }, icon: "roundRect", itemWidth: 12, itemHeight: 8, ...option.legend },
    tooltip: {
      trigger: "axis", backgroundColor: raised, borderColor: line, textStyle: { color: ink },
      valueFormatter: write.full, ...option.tooltip,
    },
    xAxis: axis(option.xAxis, option.xAxis?.type === "value"),
    yAxis: axis(option.yAxis, option.yAxis?.type === "value"),
    // Each cell says its value, so that a legend of colours would say nothing more.
    visualMap: option.visualMap && {
      show: false, inRange: { color: [colour("accent"), colour("accent")], colorAlpha: [0.04, 0.5] }, ...option.visualMap,
    },
    series: option.series.map((each) => dressed(each, write)),
  };
}

function draw() {
  for (const [canvas, { chart }] of charts) {
    if (!canvas.isConnected) { chart.dispose(); charts.delete(canvas); }
  }
  for (const figure of document.querySelectorAll("figure.chart")) {
    const canvas = figure.querySelector(".chart-canvas");
    const text = figure.querySelector("script[type='application/json']").textContent;
    const option = JSON.parse(text);
    if (option.pixels) Object.assign(canvas.style, { height: `${option.pixels}px`, minHeight: 0 });
    let known = charts.get(canvas);
    if (!known) {
      known = { chart: echarts.init(canvas, null, { renderer: "svg" }), text: null };
      charts.set(canvas, known);
      new ResizeObserver(() => known.chart.resize()).observe(canvas);
    }
    if (known.text !== text) {
      known.text = text;
      known.chart.setOption(themed(option), true);
    }
  }
}

function redraw() {
  for (const known of charts.values()) known.text = null;
  draw();
}

draw();
document.addEventListener("htmx:after:swap", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
