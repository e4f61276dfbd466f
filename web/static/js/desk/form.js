// The registration form beside the transcript: every field with the place where it was said.

import { el, icon } from "/static/js/dom.js";
import { clockAt } from "/static/js/time.js";
import { proposal } from "/static/js/desk/proposed.js";

const LONG = new Set(["summary", "requests", "facts", "tried_before", "materials", "handling", "representatives"]);
const HALF = new Set(["name", "id_type", "id_number", "sex", "ethnic_group", "phone", "first_or_repeat", "group_visit", "form_of_visit", "received_by"]);
const SHORT = 200;
const SOURCES = { kiosk: "终端上填的", office: "本单位记的", clerk: "登记员填的" };

/** Events: "typed" (detail: {field, value}), "hear" (detail: Evidence), "cite" (detail: {field, value}): the sentence
 * chosen in the transcript is to be this field's source; "take" and "dismiss" (detail: a proposal of the model). */
export class Form extends EventTarget {
  /** @param {HTMLElement} host @param {{pending?: (key: string) => string | null}} options */
  constructor(host, { pending = () => null } = {}) {
    super();
    this.host = host;
    this.pending = pending;
    /** @type {Map<string, HTMLElement>} */
    this.boxes = new Map();
    /** @type {Map<string, any>} */
    this.values = new Map();
    this.heard = new Map();
    /** @type {any} */
    this.record = { proposals: [] };
    this.host.addEventListener("input", (event) => this.input(event));
    this.host.addEventListener("click", (event) => this.clicked(event));
    this.host.addEventListener("focusin", (event) => this.offerCite(event));
    this.citing = el("button.btn.small.quiet.cite", { type: "button" }, icon("link"), "用选中的那一句作出处");
    this.citing.addEventListener("click", () => this.cite());
  }

  /** @param {any} record @param {boolean} editable */
  show(record, editable) {
    this.startedAt = record.started_at;
    this.record = record;
    const first = !this.boxes.size;
    for (const value of record.form) {
      const old = this.values.get(value.field);
      this.values.set(value.field, value);
      if (first) this.host.append(this.box(value));
      else if (!old) this.host.append(this.box(value));
      this.fill(value, editable);
    }
  }

  /** @param {any} value */
  box(value) {
    const id = `form-${value.field}`;
    const box = el(`div.field${HALF.has(value.field) ? ".half" : ""}`, { "data-field": value.field },
      el("span.lb", {}, el("label", { for: id }, value.label), el("span.origin")),
      control(value, id));
    this.boxes.set(value.field, box);
    return box;
  }

  /** @param {any} value @param {boolean} editable */
  fill(value, editable) {
    const box = /** @type {HTMLElement} */ (this.boxes.get(value.field));
    const input = /** @type {HTMLInputElement} */ (box.querySelector(".input"));
    const shown = this.pending(`field:${value.field}`) ?? value.value;
    if (input.value !== shown) input.value = shown;
    input.disabled = !editable;
    box.classList.toggle("needed", value.required && !shown);
    box.querySelector(".origin")?.replaceChildren(this.origin(value));
    this.propose(value, box, editable);
  }

  /** What the model proposes for this field, drawn anew only when it is something else. @param {any} value @param {HTMLElement} box @param {boolean} editable */
  propose(value, box, editable) {
    const wanted = this.record.proposals.filter((/** @type {any} */ one) => one.field === value.field);
    const key = JSON.stringify([editable, wanted.map((/** @type {any} */ one) => one.id)]);
    if ((box.dataset.proposed || "[]") === key || (!wanted.length && !box.dataset.proposed)) return;
    box.dataset.proposed = key;
    for (const old of box.querySelectorAll(".proposed")) old.remove();
    box.append(...wanted.map((/** @type {any} */ one) => proposal(one, value, this.record, editable)));
    box.classList.toggle("half", HALF.has(value.field) && !wanted.length);
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

  /** Where the value comes from: a chip that plays it, a word, or the dashed 没有出处. @param {any} value */
  origin(value) {
    if (value.evidence.length) {
      const first = value.evidence[0];
      const words = value.evidence.length > 1 ? `${value.evidence.length} 处` : clockAt(this.startedAt, first.start);
      const by = value.taken_by ? `模型建议，${value.taken_by}采用　` : "";
      return el("button.src", { type: "button", "data-evidence": value.field, "aria-label": `${by}听出处：${value.label}`, title: `${by}“${first.text}”` }, icon("play"), value.taken_by ? `模型 ${words}` : words);
    }
    if (!value.source && value.required) return el("span.src.none", {}, icon("edit"), "要填");
    if (!value.source) return el("span.src.none", {}, icon("ask"), "没有出处");
    if (value.source === "speech") return el("span.src.none", {}, icon("ask"), "出处已删");
    return el("span.meta", {}, SOURCES[/** @type {keyof SOURCES} */ (value.source)] || "");
  }

  /** @param {Event} event */
  input(event) {
    const field = event.target instanceof Element ? event.target.closest("[data-field]")?.getAttribute("data-field") : null;
    if (!field) return;
    const value = /** @type {HTMLInputElement} */ (event.target).value;
    this.dispatchEvent(new CustomEvent("typed", { detail: { field, value } }));
  }

  /** Under the field one works in: make the chosen sentence its source. @param {FocusEvent} event */
  offerCite(event) {
    const input = event.target instanceof HTMLElement && event.target.matches(".input") ? event.target : null;
    input?.closest("[data-field]")?.append(this.citing);
  }

  cite() {
    const field = this.citing.closest("[data-field]")?.getAttribute("data-field") || "";
    const input = /** @type {HTMLInputElement | null} */ (this.boxes.get(field)?.querySelector(".input") ?? null);
    if (input) this.dispatchEvent(new CustomEvent("cite", { detail: { field, value: input.value } }));
  }

  /** Several places: each press plays the next one. @param {Event} event */
  clicked(event) {
    if (event.target instanceof Element && this.pressedProposal(event.target)) return;
    const chip = event.target instanceof Element ? event.target.closest("[data-evidence]") : null;
    const value = chip && this.values.get(chip.getAttribute("data-evidence") || "");
    if (!value) return;
    const turn = (this.heard.get(value.field) ?? -1) + 1;
    this.heard.set(value.field, turn);
    this.dispatchEvent(new CustomEvent("hear", { detail: value.evidence[turn % value.evidence.length] }));
  }

  /** Number of filled-in fields that nobody said and nobody typed. */
  withoutSource() {
    return [...this.values.values()].filter((value) => !value.source && !value.value).length;
  }
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
