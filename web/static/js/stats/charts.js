// Charts of the figures (ECharts, SVG): solid, hatched and dashed fills, every value printed; a table stands behind each.

import { init } from "/static/vendor/echarts/echarts.min.js";

const INK = "#384447", DARK = "#1A2325", ACCENT = "#0E545C", LINE = "#D3D9D7";
const FONT = { fontSize: 13, color: INK, fontFamily: "inherit" };
const HATCH = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: -Math.PI / 4, color: ACCENT };

/** @type {Map<HTMLElement, any>} */
const drawn = new Map();
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));

/** @param {HTMLElement} place @param {Object} option @param {string} words for who does not see it @param {(index: number, series: number) => void} open */
function draw(place, option, words, open) {
  drawn.get(place)?.dispose();
  const chart = init(place, null, { renderer: "svg" });
  chart.setOption({ animation: false, textStyle: FONT, ...option });
  chart.on("click", (/** @type {any} */ at) => open(at.dataIndex, at.seriesIndex));
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", words);
  drawn.set(place, chart);
}

/** There is nothing to draw: what another period or unit had goes. @param {HTMLElement} place */
export function clear(place) {
  drawn.get(place)?.dispose();
  drawn.delete(place);
  place.replaceChildren();
  place.style.blockSize = "";
  for (const name of ["role", "aria-label"]) place.removeAttribute(name);
}

/** A share of every month, with the target as a dashed line. @param {HTMLElement} place @param {{words: string, percent: number | null}[]} months @param {number} target @param {(index: number) => void} open */
export function months(place, months, target, open) {
  const values = months.map((one) => one.percent);
  const least = Math.max(0, Math.min(target, ...values.filter((one) => one !== null)) - 5);
  const step = least > 75 ? 5 : least > 50 ? 10 : 20;
  const words = `按期办结率${months.map((one) => `${one.words} ${one.percent === null ? "暂无" : `${one.percent}%`}`).join("，")}，目标 ${target}%`;
  draw(place, {
    grid: { left: 44, right: 24, top: 26, bottom: 28 },
    xAxis: { type: "category", data: months.map((one) => one.words), axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } }, axisLabel: FONT },
    yAxis: { type: "value", min: Math.floor(least / step) * step, max: 100, interval: step, axisLabel: FONT, splitLine: { lineStyle: { color: LINE } } },
    series: [{
      type: "line", data: values, symbol: "circle", symbolSize: 12, cursor: "pointer", lineStyle: { color: ACCENT, width: 3 },
      itemStyle: { color: "#fff", borderColor: ACCENT, borderWidth: 3 }, label: { show: true, ...FONT, color: DARK, fontWeight: 700, textBorderColor: "#fff", textBorderWidth: 3 },
      markLine: { silent: true, symbol: "none", data: [{ yAxis: target }], lineStyle: { color: INK, type: "dashed", width: 1.5 }, label: { show: false } },
    }],
  }, words, open);
}

/** Satisfaction solid (hollow where it does not count), participation hatched. @param {HTMLElement} place @param {{name: string, satisfied: number | null, rated: number | null, counts: boolean}[]} units @param {(index: number, series: number) => void} open */
export function units(place, units, open) {
  place.style.blockSize = `${Math.max(120, units.length * 42 + 16)}px`;
  const label = { show: true, position: "right", ...FONT };
  draw(place, {
    grid: { left: 110, right: 90, top: 4, bottom: 4 },
    xAxis: { type: "value", min: 0, max: 100, show: false },
    yAxis: { type: "category", inverse: true, data: units.map((one) => one.name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { ...FONT, width: 100, overflow: "truncate" } },
    series: [
      { type: "bar", barWidth: 13, barGap: "15%", cursor: "pointer", data: units.map((one) => ({
        value: one.satisfied, itemStyle: one.counts ? { color: ACCENT } : { color: "#fff", borderColor: ACCENT, borderType: "dashed", borderWidth: 1 },
        label: { ...label, color: DARK, fontWeight: 700, formatter: one.satisfied === null ? "" : `${one.satisfied}%${one.counts ? "" : " 不作数"}` } })), label },
      { type: "bar", barWidth: 11, cursor: "pointer", data: units.map((one) => one.rated), itemStyle: { color: "#fff", borderColor: ACCENT, borderWidth: 1, decal: HATCH }, label: { ...label, formatter: "{c}%" } },
    ],
    aria: { enabled: true, decal: { show: false } },
  }, units.map((one) => `${one.name}满意率 ${one.satisfied === null ? "暂无" : `${one.satisfied}%`}${one.counts ? "" : "，不作数"}，参评率 ${one.rated ?? 0}%`).join("；"), open);
}
