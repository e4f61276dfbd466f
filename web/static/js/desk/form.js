// The registration form beside the transcript: every field with the place where it was said.

import { el, icon } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";
import { toast } from "/static/js/desk/ask.js";
import { fitted } from "/static/js/desk/cite.js";
import { proposal } from "/static/js/desk/proposed.js";
import { isUnsure } from "/static/js/desk/words.js";

const LONG = new Set(["summary", "requests", "facts", "tried_before", "materials", "handling", "representatives"]);
const HALF = new Set(["name", "id_type", "id_number", "sex", "ethnic_group", "phone", "first_or_repeat", "group_visit", "form_of_visit", "received_by"]);
const SHORT = 200;
const SOURCES = { kiosk: "终端上填的", office: "本单位记的", clerk: "登记员填的" };

/** Events: "typed" (detail: {field, value, composing}), "hear" (detail: Evidence), "cite" (detail: {field, value}): the sentence
 * chosen in the transcript is to be this field's source; "take" and "dismiss" (detail: a proposal of the model). */
export class Form extends EventTarget {
  /**
   * @param {HTMLElement} host
   * @param {{pending?: (key: string) => string | null, dragged?: () => import("/static/js/desk/cite.js").Picked | null}} options
   * dragged: the words of the record that are being dragged
   */
  constructor(host, { pending = () => null, dragged = () => null } = {}) {
    super();
    this.host = host;
    this.pending = pending;
    this.dragged = dragged;
    this.editable = false;
    /** @type {Map<string, HTMLElement>} */
    this.boxes = new Map();
    /** @type {Map<string, any>} */
    this.values = new Map();
    this.heard = new Map();
    /** @type {any} */
    this.record = { proposals: [], body: [] };
    /** Lines by the utterances they rest on, of the lines shown. @type {{body: any, lines: Map<string, any>}} */
    this.known = { body: null, lines: new Map() };
    /** A pointer is down in the form: nothing may move away under it. */
    this.pressed = false;
    this.citing = el("button.btn.small.quiet.cite", { type: "button" }, icon("link"), "用选中的那一句作出处");
    this.places = el("ol.said-at");
    /** Under the field one works in: where it was said. */
    this.sources = el("div.sources", {}, this.places, this.citing);
    this.listen();
  }

  listen() {
    this.host.addEventListener("input", (event) => this.input(event, /** @type {InputEvent} */ (event).isComposing));
    this.host.addEventListener("compositionend", (event) => this.input(event, false));
    this.host.addEventListener("click", (event) => this.clicked(event));
    this.host.addEventListener("focusin", (event) => this.focused(event));
    this.host.addEventListener("pointerdown", () => { this.pressed = true; });
    for (const over of ["pointerup", "pointercancel"]) window.addEventListener(over, () => this.released());
    this.host.addEventListener("dragover", (event) => this.draggedOver(event));
    this.host.addEventListener("dragleave", () => this.aim(null));
    this.host.addEventListener("drop", (event) => this.dropped(event));
    this.citing.addEventListener("click", () => this.cite());
  }

  /** @param {any} record @param {boolean} editable */
  show(record, editable) {
    const same = record.form === this.record.form && JSON.stringify(record.proposals) === JSON.stringify(this.record.proposals) && editable === this.editable;
    this.startedAt = record.started_at;
    this.record = record;
    if (same) return this.showSureness();
    this.editable = editable;
    this.citing.hidden = !editable;
    const first = !this.boxes.size;
    for (const value of record.form) {
      const old = this.values.get(value.field);
      this.values.set(value.field, value);
      if (first) this.host.append(this.box(value));
      else if (!old) this.host.append(this.box(value));
      this.fill(value, editable);
    }
    this.showSources();
  }

  /** What became of the lines on which the fields rest. */
  showSureness() {
    for (const value of this.values.values()) {
      if (value.evidence.length) this.showOrigin(value, /** @type {HTMLElement} */ (this.boxes.get(value.field)?.querySelector(".origin")));
    }
    this.showSources();
  }

  /** @param {any} value */
  box(value) {
    const id = `form-${value.field}`;
    const box = el(`div.field${HALF.has(value.field) ? ".half" : ""}`, { "data-field": value.field },
      el("span.lb", {}, el("label", { for: id }, value.label), el("span.origin")),
      control(value, id), el("ul.findings", { id: `${id}-findings`, hidden: true }));
    this.boxes.set(value.field, box);
    return box;
  }

  /** @param {any} value @param {boolean} editable */
  fill(value, editable) {
    const box = /** @type {HTMLElement} */ (this.boxes.get(value.field));
    const input = /** @type {HTMLInputElement} */ (box.querySelector(".input"));
    const shown = this.pending(`field:${value.field}`) ?? value.value;
    const isTyped = document.activeElement === input && input.value.trim() === shown.trim(); // with a space or a new line that the next word is to follow
    if (input.value !== shown && !isTyped) input.value = shown;
    input.disabled = !editable;
    box.classList.toggle("needed", value.required && !shown);
    this.showOrigin(value, /** @type {HTMLElement} */ (box.querySelector(".origin")));
    showFindings(box, input, editable ? value.findings : []);
    this.propose(value, box, editable);
  }

  /** What the model proposes for this field, drawn anew only when it is something else. @param {any} value @param {HTMLElement} box @param {boolean} editable */
  propose(value, box, editable) {
    const wanted = this.record.proposals.filter((/** @type {any} */ one) => one.field === value.field);
    const key = JSON.stringify([editable, wanted.map((/** @type {any} */ one) => [one.id, one.value]), wanted.length ? value.value : ""]);
    if (box.dataset.proposed === key || (!wanted.length && !box.dataset.proposed)) return;
    box.dataset.proposed = key;
    for (const old of box.querySelectorAll(".proposed")) old.remove();
    box.querySelector(".findings")?.after(...wanted.map((/** @type {any} */ one) => proposal(one, value, this.record, editable)));
    box.classList.toggle("half", HALF.has(value.field) && !wanted.length);
    if (wanted.length && !this.pressed && box.contains(document.activeElement)) this.reveal();
  }

  /** The first proposal for the field in which an element lies. @param {Element | null} element */
  proposalAt(element) {
    const field = element?.closest("[data-field]")?.getAttribute("data-field");
    return field && this.record.proposals.find((/** @type {any} */ one) => one.field === field);
  }

  /** Was it a button of a proposal? @param {Element} target */
  pressedProposal(target) {
    const id = target.closest("[data-proposal]")?.getAttribute("data-proposal");
    const one = id && this.record.proposals.find((/** @type {any} */ other) => String(other.id) === id);
    if (!one) return Boolean(id);
    const turn = target.closest("[data-play-proposal]")?.getAttribute("data-turn");
    if (turn) this.dispatchEvent(new CustomEvent("hear", { detail: one.evidence[Number(turn)] }));
    else if (target.closest("[data-take-proposal]")) this.dispatchEvent(new CustomEvent("take", { detail: one }));
    else if (target.closest("[data-dismiss-proposal]")) this.dispatchEvent(new CustomEvent("dismiss", { detail: one }));
    return true;
  }

  /** Drawn anew only when it is something else. @param {any} value @param {HTMLElement} place */
  showOrigin(value, place) {
    const [first] = value.evidence;
    const state = JSON.stringify([value.source, value.taken_by, value.edited_by, value.evidence.length, first?.start, first?.text, this.isUnsure(value)]);
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    place.replaceChildren(this.origin(value));
  }

  /** Where the value comes from: a chip that plays it, a word, or the dashed 没有出处. @param {any} value */
  origin(value) {
    if (value.evidence.length) {
      const first = value.evidence[0];
      const words = value.evidence.length > 1 ? `${value.evidence.length} 处` : clockAt(this.startedAt, first.start);
      const by = value.taken_by ? `模型建议，${value.taken_by}采用　` : value.edited_by ? `${value.edited_by}填的　` : "";
      const unsure = this.isUnsure(value);
      const shown = unsure ? "没听准" : value.taken_by ? `模型 ${words}` : words;
      return el(`button.src${unsure ? ".unsure" : ""}`, { type: "button", "data-evidence": value.field, "aria-label": `${shown} ${by}听出处：${value.label}`, title: `${by}“${first.text}”` }, icon("play"), shown);
    }
    if (!value.source && value.required) return el("span.src.none", {}, icon("edit"), "要填");
    if (!value.source) return el("span.src.none", {}, icon("ask"), "没有出处");
    if (value.source === "speech") return el("span.src.none", {}, icon("ask"), "出处已删");
    if (value.source === "clerk" && value.edited_by) return el("span.meta", {}, `${value.edited_by}填的`);
    return el("span.meta", {}, SOURCES[/** @type {keyof SOURCES} */ (value.source)] || "");
  }

  /** Was what a short value says heard badly wherever it was said, and nobody has listened since?  In long ones the words are
   * the lines' own, and marked there. @param {any} value */
  isUnsure(value) {
    if (value.source !== "speech" || value.edited_by || LONG.has(value.field)) return false;
    const lines = value.evidence.map((/** @type {any} */ place) => this.lineOf(place.utterance_id)).filter((/** @type {any} */ line) => line && !line.deleted);
    return lines.length > 0 && lines.every((/** @type {any} */ line) => !line.heard && !isCorrected(line) && isUnsure(line, value.value));
  }

  /** @param {Event} event @param {boolean} composing the input method has letters that are no words yet */
  input(event, composing) {
    const field = event.target instanceof Element ? event.target.closest("[data-field]")?.getAttribute("data-field") : null;
    if (!field) return;
    const value = /** @type {HTMLInputElement} */ (event.target).value;
    this.dispatchEvent(new CustomEvent("typed", { detail: { field, value, composing } }));
  }

  /** Under the field one works in: every place where it was said, and a way to add one. @param {FocusEvent} event */
  focused(event) {
    const input = event.target instanceof HTMLElement && event.target.matches(".input") ? event.target : null;
    if (!input) return;
    this.open(input.closest("[data-field]")?.getAttribute("data-field") || "");
    if (!this.pressed) this.reveal();
  }

  released() {
    if (!this.pressed) return;
    this.pressed = false;
    setTimeout(() => { if (this.boxes.get(this.opened)?.contains(document.activeElement)) this.reveal(); });  // after the click
  }

  /** The whole field that one works in, with what is said and offered under it. */
  reveal() {
    this.boxes.get(this.opened)?.scrollIntoView({ block: "nearest" });
  }

  /** Shows the places of a field under it. @param {string} field */
  open(field) {
    const box = this.boxes.get(field);
    if (!box || this.sources.parentElement === box) return;
    this.boxes.get(this.opened)?.classList.remove("open");
    box.append(this.sources);
    box.classList.add("open");
    this.showSources();
  }

  get opened() {
    return this.sources.closest("[data-field]")?.getAttribute("data-field") || "";
  }

  showSources() {
    const value = this.values.get(this.opened);
    if (!value) return;
    const said = value.evidence.map((/** @type {any} */ place) => this.wordsAt(place));
    const state = JSON.stringify([value.field, this.editable, value.evidence, said]);
    if (this.places.dataset.state === state) return;
    this.places.dataset.state = state;
    this.places.replaceChildren(...value.evidence.map((/** @type {any} */ place, /** @type {number} */ turn) => this.place(value, place, turn, said[turn])));
  }

  /** What stands in the record where a field was said, and what became of it. @param {any} place */
  wordsAt(place) {
    const line = this.lineOf(place.utterance_id);
    const words = `“${line?.text || place.text}”`;
    return line?.deleted ? `删了：${words}` : line && isCorrected(line) ? `改过：${words}` : words;
  }

  /** The line that rests on an utterance, one that stands before one that was deleted. @param {string} utteranceId */
  lineOf(utteranceId) {
    if (this.known.body !== this.record.body) this.known = { body: this.record.body, lines: byUtterance(this.record.body) };
    return this.known.lines.get(utteranceId);
  }

  /** One place where the field was said. @param {any} value @param {any} place @param {number} turn @param {string} words */
  place(value, place, turn, words) {
    return el("li", {},
      el("button.src", { type: "button", "data-place": turn, "aria-label": `${clockAt(this.startedAt, place.start)} 听这一处：${words}` }, icon("play"), clockAt(this.startedAt, place.start)),
      el("span.words", { title: words }, words),
      this.editable ? el("button.link", { type: "button", "data-no-source": turn, "aria-label": `不是“${value.label}”的出处` }, "不是") : null);
  }

  cite() {
    const field = this.opened;
    if (field) this.dispatchEvent(new CustomEvent("cite", { detail: { field, value: this.written(field) } }));
  }

  /** What stands in a field on the page. @param {string} field */
  written(field) {
    return /** @type {HTMLInputElement | null} */ (this.boxes.get(field)?.querySelector(".input") ?? null)?.value || "";
  }

  /** Words of the record go into a field, and their lines are its source. @param {string} field @param {import("/static/js/desk/cite.js").Picked} picked */
  put(field, picked) {
    const value = this.values.get(field);
    if (!value || !this.editable) return;
    const before = this.written(field);
    const now = fitted(value, before, picked.text, LONG.has(field));
    if (now === null) return void toast(value.choices.length ? `“${value.label}”要选一项，先选好，再指出处` : `这一句里没有“${value.label}”`, "info");
    const cited = evidenceOf(picked.lines);
    const kept = LONG.has(field) && before.trim() ? value.evidence : [];
    value.evidence = [...kept, ...cited.filter((one) => !kept.some((/** @type {any} */ old) => old.utterance_id === one.utterance_id))];
    const input = /** @type {HTMLInputElement} */ (this.boxes.get(field)?.querySelector(".input"));
    input.value = now;
    this.open(field);
    this.showSources();
    this.reveal();
    this.dispatchEvent(new CustomEvent("typed", { detail: { field, value: now } }));
    toast(cited.length ? `“${value.label}”填上了，出处也记上了` : `“${value.label}”填上了；这一句是手写的，没有录音作出处`, "check");
  }

  /** A place is no source of the field after all. @param {any} value @param {number} turn */
  drop(value, turn) {
    value.evidence = value.evidence.filter((/** @type {any} */ _one, /** @type {number} */ i) => i !== turn);
    this.showSources();
    this.dispatchEvent(new CustomEvent("typed", { detail: { field: value.field, value: this.written(value.field) } }));
  }

  // --- words that are dragged here -------------------------------------------------------------------------------

  /** @param {Event} event */
  target(event) {
    const box = event.target instanceof Element ? event.target.closest("[data-field]") : null;
    return this.editable && box && this.dragged() ? box : null;
  }

  /** @param {Element | null} box */
  aim(box) {
    for (const old of this.host.querySelectorAll(".aimed")) if (old !== box) old.classList.remove("aimed");
    box?.classList.add("aimed");
  }

  /** @param {DragEvent} event */
  draggedOver(event) {
    const box = this.target(event);
    this.aim(box);
    if (!box) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  }

  /** @param {DragEvent} event */
  dropped(event) {
    const [box, words] = [this.target(event), this.dragged()];
    this.aim(null);
    if (!box || !words) return;
    event.preventDefault();
    this.put(box.getAttribute("data-field") || "", words);
  }

  // --- pressing --------------------------------------------------------------------------------------------------

  /** @param {Event} event */
  clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    if (!target || this.pressedProposal(target) || this.pressedPlace(target)) return;
    const value = this.values.get(target.closest("[data-evidence]")?.getAttribute("data-evidence") || "");
    if (!value) return;
    this.open(value.field);
    this.hear(value, ((this.heard.get(value.field) ?? -1) + 1) % value.evidence.length);
  }

  /** Was it something in the list of places? @param {Element} target */
  pressedPlace(target) {
    const value = this.values.get(this.opened);
    const turn = target.closest("[data-place]")?.getAttribute("data-place") ?? null;
    const gone = target.closest("[data-no-source]")?.getAttribute("data-no-source") ?? null;
    if (value && turn !== null) this.hear(value, Number(turn));
    else if (value && gone !== null) this.drop(value, Number(gone));
    return turn !== null || gone !== null;
  }

  /** Several places: each press of the chip plays the next one. @param {any} value @param {number} turn */
  hear(value, turn) {
    this.heard.set(value.field, turn);
    this.dispatchEvent(new CustomEvent("hear", { detail: value.evidence[turn] }));
  }

  /** Is something to be said about a field, or was it not heard well? @param {any} value */
  wantsALook(value) {
    return value.findings.length > 0 || this.record.proposals.some((/** @type {any} */ one) => one.field === value.field) || this.isUnsure(value);
  }

  /** What is left to do, each a way to the next such field. @param {HTMLElement} place */
  head(place) {
    const all = [...this.values.values()];
    const wrong = this.editable ? all.filter((value) => this.wantsALook(value)) : [];
    const empty = all.filter((value) => !value.value);
    const state = JSON.stringify([wrong.map((value) => value.field), empty.map((value) => value.field)]);
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    place.replaceChildren(...[this.jump(wrong, `${wrong.length} 栏要看一看`), this.jump(empty, `${empty.length} 栏空着`)].filter((node) => node !== null));
  }

  /** @param {any[]} values @param {string} words */
  jump(values, words) {
    if (!values.length) return null;
    const button = el("button.link", { type: "button" }, words);
    button.addEventListener("click", () => this.go((values[values.findIndex((value) => value.field === this.opened) + 1] || values[0]).field));
    return button;
  }

  /** @param {string} field */
  go(field) {
    this.open(field);
    this.reveal();
    /** @type {HTMLElement | null | undefined} */ (this.boxes.get(field)?.querySelector(".input"))?.focus();
  }
}

/** @param {any[]} body @returns {Map<string, any>} */
function byUtterance(body) {
  const gone = body.filter((line) => line.deleted);
  return new Map([...gone, ...body.filter((line) => !line.deleted)].flatMap((line) => line.utterance_ids.map((/** @type {string} */ id) => [id, line])));
}

/** Somebody changed its words. @param {any} line */
function isCorrected(line) {
  return Boolean(line.edited_by) && line.text !== line.recognised;
}

/** What these lines rest on in the recording. @param {any[]} lines */
export function evidenceOf(lines) {
  return lines.flatMap(({ utterance_ids, participant_id, start, end, text }) => utterance_ids.map((/** @type {string} */ id) => ({ utterance_id: id, participant_id, start, end, text })));
}

/** What is wrong with a value, in words under it. @param {HTMLElement} box @param {HTMLElement} input @param {{text: string, blocks: boolean}[]} findings */
function showFindings(box, input, findings) {
  const list = /** @type {HTMLElement} */ (box.querySelector(".findings"));
  const state = JSON.stringify(findings);
  if ((list.dataset.state || "[]") === state) return;
  list.dataset.state = state;
  list.hidden = !findings.length;
  list.replaceChildren(...findings.map((one) => el(`li${one.blocks ? ".blocks" : ""}`, {}, icon(one.blocks ? "alert" : "info"), el("span", {}, one.text))));
  box.classList.toggle("wrong", findings.length > 0);
  if (findings.length) input.setAttribute("aria-describedby", list.id);
  else input.removeAttribute("aria-describedby");
  input.setAttribute("aria-invalid", String(findings.some((one) => one.blocks)));
}

/** @param {any} value @param {string} id */
function control(value, id) {
  if (value.choices.length) {
    const options = value.choices.map((/** @type {[string, string]} */ [key, words]) => el("option", { value: key }, words));
    return el("select.input", { id }, ...(value.choices.some((/** @type {[string, string]} */ [key]) => key === "") ? [] : [el("option", { value: "" }, "没听到，空着")]), ...options);
  }
  if (LONG.has(value.field)) return el("textarea.input", { id, rows: 2, maxlength: 10000 });
  return el("input.input", { id, autocomplete: "off", maxlength: SHORT });
}
