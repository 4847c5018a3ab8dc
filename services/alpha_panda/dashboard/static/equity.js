// Curves of an account: equity, and under it the fall from its highest point where the page asks for it.
"use strict";
(() => {
  const zone = { timeZone: "UTC", hour: "2-digit", minute: "2-digit", hour12: false };
  const clock = new Intl.DateTimeFormat("en-GB", zone);
  const moment = new Intl.DateTimeFormat("en-GB", { ...zone, day: "2-digit", month: "short" });
  const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR" });
  const short = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 });
  const fade = (colour, share) => colour.replace("rgb(", "rgba(").replace(")", `, ${share})`);

  const axes = (colours, values) => {
    const look = { stroke: colours.soft, grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line, width: 1 }, font: "11px system-ui" };
    return [
      { ...look, values: (_, splits) => splits.map((at) => clock.format(at * 1000)) },
      { ...look, size: 64, values: (_, splits) => splits.map(values) },
    ];
  };

  const draw = (element, data) => {
    element.replaceChildren();
    if (data.times.length < 2) {
      const note = document.createElement("p");
      note.className = "nothing";
      note.textContent = "The curve begins with the second minute.";
      element.append(note);
      return;
    }
    const colours = window.pandaColours();
    const width = element.clientWidth;
    const height = Number(element.dataset.height);
    const common = { width, tzDate: (at) => new Date(at * 1000), cursor: { sync: { key: "account" } }, legend: { live: true }, hooks: { ready: [(chart) => chart.setLegend({ idx: data.times.length - 1 })] } };
    const time = { label: "at", value: (_, at) => (at === null ? "–" : moment.format(at * 1000)) };
    new uPlot({
      ...common, height,
      scales: { x: { time: true } },
      axes: axes(colours, (each) => short.format(each)),
      series: [time, { label: "Equity", stroke: colours.accent, width: 1.6, fill: fade(colours.accent, 0.1), points: { show: false }, value: (_, each) => (each === null ? "–" : rupees.format(each)) }],
    }, [data.times, data.equity], element);
    if (element.dataset.drawdown !== "yes") return;
    new uPlot({
      ...common, height: Math.round(height / 2),
      scales: { x: { time: true } },
      axes: axes(colours, (each) => `${each.toFixed(2)} %`),
      series: [time, { label: "Drawdown", stroke: colours.bad, width: 1.4, fill: fade(colours.bad, 0.14), points: { show: false }, value: (_, each) => (each === null ? "–" : `${each.toFixed(2)} %`) }],
    }, [data.times, data.drawdown], element);
  };

  const charts = () => document.querySelectorAll(".chart[data-height]");
  const known = new WeakMap();
  const redraw = () => charts().forEach((element) => known.has(element) && draw(element, known.get(element)));
  const refresh = () => charts().forEach(async (element) => {
    const answer = await fetch(element.dataset.source);
    if (!answer.ok) return;
    const data = await answer.json();
    if (JSON.stringify(known.get(element)) === JSON.stringify(data)) return;
    known.set(element, data);
    draw(element, data);
  });

  let waiting = null;
  document.addEventListener("panda:changed", () => { waiting ??= setTimeout(() => { waiting = null; refresh(); }, 800); });
  document.addEventListener("panda:theme", redraw);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
  refresh();
})();
