// Lanes of the talk: each speaker's sound, what is missing, what was shown to everybody, and the marks of the talk and of a clerk.  Where the
// loudness is not known yet, the times of the lines stand for it.

import { el } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";
import { markWords } from "/static/js/desk/places.js";

const TICKS = 6;
const SHORT_S = 600;
const BAR_PX = 3;
/** Steps of the playing position over the whole width: a smaller one is not seen. */
const FINEST = 2000;
/** Loudness is drawn so that what is quiet is seen. */
const CURVE = 0.6;

/** @typedef {{id: string, start: number, step: number, values: Uint8Array}} Peaks loudness 0–255 of each `step` seconds from `start` on */
/** @typedef {{person: any, canvas: HTMLCanvasElement, spans: [number, number][], gaps: [number, number][]}} Lane */

/** Event "seek" (detail: media seconds). */
export class Overview extends EventTarget {
  /** @param {HTMLElement} host */
  constructor(host) {
    super();
    this.host = host;
    this.end = 1;
    this.at = 0;
    this.second = -1;
    this.place = -1;
    /** @type {Lane[]} */
    this.lanes = [];
    /** By participant. @type {Map<string, Peaks[]>} */
    this.peaks = new Map();
    this.head = el("i.head", { "aria-hidden": "true" });
    this.host.addEventListener("pointerdown", (event) => this.pressed(event));
    this.host.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** @param {any} record @param {number} end length in seconds */
  show(record, end) {
    if (this.record && end === this.end && sameLanes(this.record, record)) return void (this.record = record);
    this.record = record;
    this.end = Math.max(end, 1);
    this.startedAt = record.started_at;
    const speakers = new Set(record.body.map((/** @type {any} */ line) => line.participant_id));
    this.lanes = record.participants.filter((/** @type {any} */ p) => speakers.has(p.id)).map((/** @type {any} */ person) => lane(record, person));
    this.host.replaceChildren(...this.lanes.flatMap(({ person, canvas }) => [el(`b.who.${side(person)}`, {}, person.name), el("div.track", {}, canvas, ...this.notes(person))]), el("span"), this.ticks(), el("div.heads", {}, this.head));
    this.host.setAttribute("aria-valuemax", String(Math.round(this.end)));
    this.second = this.place = -1;
    this.draw();
    this.move(this.at);
  }

  /** Loudness of one person's file. @param {string} participantId @param {Peaks} peaks */
  hear(participantId, peaks) {
    const others = (this.peaks.get(participantId) || []).filter((one) => one.id !== peaks.id);
    this.peaks.set(participantId, [...others, peaks]);
    this.draw();
  }

  /** What this person showed, and the marks. @param {any} person */
  notes(person) {
    const shown = this.record.shares.filter((/** @type {any} */ s) => s.participant_id === person.id)
      .map((/** @type {any} */ s) => el("i.shown", { title: s.text, style: `--from:${s.start / this.end};--to:${Math.max(s.end, s.start) / this.end}` }));
    const marks = (this.record.marks || []).filter((/** @type {any} */ m) => m.participant_id === person.id)
      .map((/** @type {any} */ m) => el("i.flag", { title: `${clockAt(this.startedAt, m.at)} ${markWords(m, this.record)}`, style: `--from:${m.at / this.end}` }));
    return [...shown, ...marks, ...this.toReturnTo(person)];
  }

  /** Lines that a clerk marked. @param {any} person */
  toReturnTo(person) {
    const marked = this.record.body.filter((/** @type {any} */ line) => line.marked && !line.deleted && line.participant_id === person.id);
    return marked.map((/** @type {any} */ line) => el("i.flag.own", { title: `${clockAt(this.startedAt, line.start)} ${line.marked}`, style: `--from:${line.start / this.end}` }));
  }

  draw() {
    const style = getComputedStyle(this.host);
    for (const one of this.lanes) this.drawLane(one, style);
  }

  /** @param {Lane} lane @param {CSSStyleDeclaration} style */
  drawLane({ person, canvas, spans, gaps }, style) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const paint = canvas.getContext("2d");
    if (!width || !paint) return;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    paint.scale(devicePixelRatio, devicePixelRatio);
    const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    paint.fillStyle = color("--line-strong");
    for (let x = 0; x < width; x += 5) paint.fillRect(x, height / 2, 1.5, 1);
    paint.fillStyle = color(side(person) === "a" ? "--voice-700" : "--accent-700");
    for (const [x, loud] of this.bars(person.id, spans, width)) paint.fillRect(x, (height * (1 - loud)) / 2, BAR_PX - 1, Math.max(1, height * loud));
    paint.fillStyle = color("--ink-500");
    for (const [from, to] of gaps) {
      const x = (from / this.end) * width;
      const wide = Math.max(5, ((to - from) / this.end) * width);
      paint.clearRect(x, 0, wide, height);
      for (let i = 0; i < wide; i += 4) paint.fillRect(x + i, 1, 2, height - 2);
    }
  }

  /** Bars of a lane: place and height from 0 to 1. @param {string} participantId @param {[number, number][]} spans @param {number} width */
  bars(participantId, spans, width) {
    const perBar = (this.end / width) * BAR_PX;
    const count = Math.floor(width / BAR_PX);
    const loud = new Float32Array(count);
    const known = this.peaks.get(participantId);
    if (known) for (const peaks of known) louder(loud, peaks, perBar);
    else for (const [from, to] of spans) loud.fill(0.6, Math.floor(from / perBar), Math.ceil(to / perBar));
    return Array.from(loud, (value, i) => /** @type {[number, number]} */ ([i * BAR_PX, value])).filter(([, value]) => value > 0);
  }

  ticks() {
    const times = Array.from({ length: TICKS + 1 }, (_, i) => (this.end * i) / TICKS);
    return el("div.ticks.meta", {}, ...times.map((t) => el("span", {}, clockAt(this.startedAt, t).slice(0, this.end < SHORT_S ? 8 : 5))));
  }

  /** @param {number} t */
  move(t) {
    this.at = t;
    const place = Math.round(FINEST * Math.min(1, t / this.end));
    if (place !== this.place) this.head.style.transform = `translateX(${(100 * place) / FINEST}%)`;
    this.place = place;
    if (Math.round(t) === this.second) return;
    this.second = Math.round(t);
    this.host.setAttribute("aria-valuenow", String(this.second));
    this.host.setAttribute("aria-valuetext", clockAt(this.startedAt, t));
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    const track = this.host.querySelector(".track")?.getBoundingClientRect();
    if (!track || event.clientX < track.left) return;
    this.tell(((event.clientX - track.left) / track.width) * this.end);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = { ArrowLeft: -3, ArrowRight: 3 }[event.code];
    if (!step || event.ctrlKey) return;
    event.preventDefault();
    this.tell(this.at + step);
  }

  /** @param {number} t */
  tell(t) {
    this.dispatchEvent(new CustomEvent("seek", { detail: Math.min(Math.max(0, t), this.end) }));
  }
}

/** @param {any} person */
function side(person) {
  return person.role === "petitioner" ? "a" : "l";
}

/** @param {any} record @param {any} person @returns {Lane} */
function lane(record, person) {
  const spans = record.body.filter((/** @type {any} */ l) => l.participant_id === person.id && !l.deleted && l.end > l.start).map((/** @type {any} */ l) => [l.start, l.end]);
  const gaps = record.gaps.filter((/** @type {any} */ g) => !g.participant_id || g.participant_id === person.id).map((/** @type {any} */ g) => [g.start, g.end]);
  return { person, canvas: /** @type {HTMLCanvasElement} */ (el("canvas.lane", { "aria-hidden": "true" })), spans, gaps };
}

/** Raises bars to the loudest that each covers. @param {Float32Array} bars @param {Peaks} peaks @param {number} perBar seconds */
function louder(bars, { start, step, values }, perBar) {
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor((start + i * step) / perBar);
    const value = (values[i] / 255) ** CURVE;
    if (at < bars.length && value > bars[at]) bars[at] = value;
  }
}

/** Would the lanes of both look alike?  Lines that did not change are the same objects. @param {any} one @param {any} other */
function sameLanes(one, other) {
  const alike = (/** @type {any} */ a, /** @type {any} */ b) => a === b || (b && a.participant_id === b.participant_id && a.start === b.start && a.end === b.end && a.deleted === b.deleted && a.marked === b.marked);
  return one.gaps === other.gaps && one.shares === other.shares && one.body.length === other.body.length && one.body.every((/** @type {any} */ line, /** @type {number} */ i) => alike(line, other.body[i]));
}
