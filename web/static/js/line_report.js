// How a line did over a whole talk: a sentence, the bad stretches, the numbers; and its course as bars.
import { el, icon } from "/static/js/dom.js";
import { LOOKS, inNumbers } from "/static/js/line_word.js";
import { inWords, mediaTime } from "/static/js/time.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHTS = { good: 8, fair: 16, poor: 26, lost: 32 };
const FILLS = { good: "var(--ok-700)", fair: "var(--warn-line)", poor: "var(--bad-700)", lost: "var(--ink-900)" };

/** @param {any} report LineReport of server/protocol/lines.py */
export function lineReport(report) {
  const [tone, drawing, now] = LOOKS[/** @type {import("./line_word.js").Word} */ (report.word)];
  const word = report.word === "lost" ? "常断" : now;
  const bad = report.bad.map((/** @type {any} */ one) => el("li", {}, one.text));
  if (report.more) bad.push(el("li.mute", {}, `还有 ${report.more} 次，没有一一列出。`));
  return el("article.line-report", {}, el("p", {}, el(`span.badge.${tone}`, {}, icon(drawing), word), ` ${report.text}`),
    el("p.small.soft", {}, shares(report.shares)), bad.length ? el("ul.small", {}, ...bad) : null,
    el("p.small.soft", {}, inNumbers(report).map(([name, value]) => `${name} ${value}`).join("；"), "。"));
}

/** @param {Object<string, number>} shares */
function shares(shares) {
  const parts = Object.entries(LOOKS).filter(([word]) => shares[word] > 0).map(([word, look]) => `${look[2]} ${Math.round(shares[word] * 100)}%`);
  return `时间上：${parts.join("，")}`;
}

/** Taller is worse; every bar says its word, so that colour is not needed. @param {any[]} bars LineBar[] */
export function course(bars) {
  const end = bars.length ? bars[bars.length - 1].end : 1;
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: `0 0 ${end} 34`, preserveAspectRatio: "none", class: "line-course", role: "img", "aria-label": `全程 ${inWords(end)}的线路，条越高越差` };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  svg.append(...bars.map(bar));
  return svg;
}

/** @param {any} one LineBar */
function bar(one) {
  const word = /** @type {import("./line_word.js").Word} */ (one.word);
  const rect = document.createElementNS(SVG, "rect");
  const sizes = { x: one.start, y: 34 - HEIGHTS[word], width: Math.max(one.end - one.start, 0.5) * 0.9, height: HEIGHTS[word] };
  for (const [name, value] of Object.entries(sizes)) rect.setAttribute(name, String(value));
  rect.style.fill = FILLS[word];
  const title = document.createElementNS(SVG, "title");
  title.textContent = `${mediaTime(one.start)}　${LOOKS[word][2]}　丢包 ${Math.round(one.loss * 100)}%`;
  rect.append(title);
  return rect;
}
