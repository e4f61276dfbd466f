// Lanes of the talk, drawn from the times of its lines (not from the sound): who spoke when, what is missing, and
// when somebody showed something to everybody.

import { el } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const TICKS = 6;
const SHORT_S = 600;

/** @param {string} tag @param {Object<string, any>} attributes */
function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

/** Event "seek" (detail: media seconds). */
export class Overview extends EventTarget {
  /** @param {HTMLElement} host */
  constructor(host) {
    super();
    this.host = host;
    this.end = 1;
    this.head = el("i.head", { "aria-hidden": "true" });
    this.host.addEventListener("pointerdown", (event) => this.pressed(event));
    this.host.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {any} record @param {number} end length in seconds */
  show(record, end) {
    this.end = Math.max(end, 1);
    this.startedAt = record.started_at;
    const people = record.participants.filter((/** @type {any} */ p) => record.body.some((/** @type {any} */ l) => l.participant_id === p.id));
    const lanes = people.flatMap((/** @type {any} */ person) => this.lane(record, person));
    this.host.replaceChildren(...lanes, el("span"), this.ticks(), this.head);
    this.host.setAttribute("aria-valuemax", String(Math.round(this.end)));
  }

  /** @param {any} record @param {any} person */
  lane(record, person) {
    const side = person.role === "petitioner" ? "a" : "l";
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: "none", "aria-hidden": "true", class: `lane ${side}` });
    picture.append(svg("path", { d: `M0 10H${WIDTH}`, class: "base" }));
    const lines = record.body.filter((/** @type {any} */ l) => l.participant_id === person.id && !l.deleted && l.end > l.start);
    picture.append(svg("path", { d: lines.map((/** @type {any} */ l) => `M${this.x(l.start)} 10H${this.x(l.end)}`).join(""), class: "talk" }));
    for (const gap of record.gaps.filter((/** @type {any} */ g) => !g.participant_id || g.participant_id === person.id)) {
      picture.append(svg("path", { d: `M${this.x(gap.start)} 10H${this.x(Math.max(gap.end, gap.start + this.end / 250))}`, class: "hole" }));
    }
    for (const shown of record.shares.filter((/** @type {any} */ s) => s.participant_id === person.id)) {
      const mark = svg("path", { d: `M${this.x(shown.start)} 18H${this.x(Math.max(shown.end, shown.start + this.end / 250))}`, class: "shown" });
      mark.append(Object.assign(svg("title", {}), { textContent: shown.text }));
      picture.append(mark);
    }
    return [el(`b.who.${side}`, {}, person.name), picture];
  }

  /** @param {number} t */
  x(t) {
    return ((t / this.end) * WIDTH).toFixed(1);
  }

  ticks() {
    const times = Array.from({ length: TICKS + 1 }, (_, i) => (this.end * i) / TICKS);
    return el("div.ticks.meta", {}, ...times.map((t) => el("span", {}, clockAt(this.startedAt, t).slice(0, this.end < SHORT_S ? 8 : 5))));
  }

  /** @param {number} t */
  move(t) {
    this.head.style.setProperty("--at", String(Math.min(1, t / this.end)));
    this.host.setAttribute("aria-valuenow", String(Math.round(t)));
    this.host.setAttribute("aria-valuetext", clockAt(this.startedAt, t));
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    const lane = this.host.querySelector(".lane")?.getBoundingClientRect();
    if (!lane || event.clientX < lane.left) return;
    this.tell(((event.clientX - lane.left) / lane.width) * this.end);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = { ArrowLeft: -3, ArrowRight: 3 }[event.code];
    if (!step || event.ctrlKey) return;
    event.preventDefault();
    this.tell(Number(this.host.getAttribute("aria-valuenow") || 0) + step);
  }

  /** @param {number} t */
  tell(t) {
    this.dispatchEvent(new CustomEvent("seek", { detail: Math.min(Math.max(0, t), this.end) }));
  }
}
