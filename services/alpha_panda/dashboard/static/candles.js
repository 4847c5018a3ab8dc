// Candles of a strategy's instrument with what it did: entries, exits, stops and targets.
"use strict";
(() => {
  const element = document.querySelector(".candles");
  if (!element) return;
  const lib = window.LightweightCharts;
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
  const look = () => {
    const colours = window.pandaColours();
    return {
      colours,
      chart: {
        autoSize: true,
        layout: { background: { type: "solid", color: "transparent" }, textColor: colours.soft, attributionLogo: false, fontSize: 11 },
        grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
        rightPriceScale: { borderColor: colours.line },
        timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: false },
        localization: { timeFormatter: (at) => `${clock.format(at * 1000)} IST` },
      },
      candles: { upColor: colours.good, downColor: colours.bad, wickUpColor: colours.good, wickDownColor: colours.bad, borderVisible: false },
    };
  };

  let styles = look();
  const chart = lib.createChart(element, styles.chart);
  const candles = chart.addSeries(lib.CandlestickSeries, styles.candles);
  const volume = chart.addSeries(lib.HistogramSeries, { priceFormat: { type: "volume" }, priceScaleId: "", lastValueVisible: false, priceLineVisible: false });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
  const markers = lib.createSeriesMarkers(candles, []);
  let lines = [];
  let levels = [];
  let shown = "";
  let fitted = false;

  const snapped = (times, at) => {
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return times[low];
  };

  const draw = (data) => {
    const { colours } = styles;
    const times = data.candles.map((bar) => bar.time);
    candles.setData(data.candles);
    const wash = colours.soft.replace("rgb(", "rgba(").replace(")", ", 0.28)");
    volume.setData(data.candles.map((bar) => ({ time: bar.time, value: bar.volume, color: wash })));
    markers.setMarkers(data.marks.filter((mark) => times.length && mark.time >= times[0]).map((mark) => ({
      time: snapped(times, mark.time),
      position: mark.side === "BUY" ? "belowBar" : "aboveBar",
      shape: mark.side === "BUY" ? "arrowUp" : "arrowDown",
      color: mark.side === "BUY" ? colours.good : colours.bad,
      text: `${mark.leg} ${mark.quantity}`,
    })));
    lines.forEach((line) => chart.removeSeries(line));
    lines = [];
    for (const trade of data.trades) {
      if (!times.length || trade.from < times[0]) continue;
      const from = snapped(times, trade.from);
      const to = snapped(times, trade.to);
      for (const [price, color] of [[trade.stop, colours.bad], [trade.target, colours.good]]) {
        if (price === null || from === to) continue;
        const line = chart.addSeries(lib.LineSeries, { color, lineWidth: 1, lineStyle: lib.LineStyle.Dashed, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false });
        line.setData([{ time: from, value: price }, { time: to, value: price }]);
        lines.push(line);
      }
    }
    levels.forEach((level) => candles.removePriceLine(level));
    levels = data.working.filter((each) => each.price !== null).map((each) => candles.createPriceLine({
      price: each.price, title: each.leg, lineWidth: 1, lineStyle: lib.LineStyle.Dashed, axisLabelVisible: true,
      color: each.leg === "stop" ? colours.bad : colours.good,
    }));
    if (!fitted && times.length) {
      chart.timeScale().fitContent();
      fitted = true;
    }
  };

  const refresh = async () => {
    const answer = await fetch(element.dataset.source);
    if (!answer.ok) return;
    const text = await answer.text();
    if (text === shown) return;
    shown = text;
    draw(JSON.parse(text));
  };
  let waiting = null;
  document.addEventListener("panda:changed", () => { waiting ??= setTimeout(() => { waiting = null; refresh(); }, 800); });
  document.addEventListener("panda:theme", () => {
    styles = look();
    chart.applyOptions(styles.chart);
    candles.applyOptions(styles.candles);
    if (shown) draw(JSON.parse(shown));
  });
  refresh();
})();
