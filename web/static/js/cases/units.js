// To whom a matter is given: units found by name, each with its part, how it is given and what it is to do.
import { api } from "/static/js/api.js";
import { el, icon } from "/static/js/dom.js";

const WAIT_MS = 200;
const PARTS = [["main", "主办"], ["support", "协办"], ["township", "属地"]];
const KINDS = [["assign", "交办（要反馈）"], ["pass_on", "转送"]];
const SHOWN = 6;

/** @typedef {{organization_id: number, name: string, part: string, kind: string, task: string}} Unit */

/** Events: "input" on its node with every change. */
export class UnitChooser {
  /** @param {string} caseId @param {boolean} hasMain the matter has its main unit already @param {any[]} prepared units that a leader's promises name, with their tasks */
  constructor(caseId, hasMain, prepared = []) {
    this.path = `/api/choices/units/${caseId}`;
    this.hasMain = hasMain;
    /** @type {Unit[]} */
    this.units = prepared.map((one, i) => ({ organization_id: one.organization_id, name: one.name, part: hasMain || i ? "support" : "main", kind: "assign", task: one.task }));
    /** @type {any[]} */
    this.found = [];
    this.asked = 0;
    this.timer = 0;
    this.search = /** @type {HTMLInputElement} */ (el("input.input", { id: "step-units", type: "search", maxlength: 50, autocomplete: "off", placeholder: "写名称里的几个字，按回车取第一个", "aria-describedby": "step-units-found" }));
    this.results = el("ul.unit-results", { id: "step-units-found", "aria-label": "找到的单位" });
    this.rows = el("ol.unit-rows", { "aria-label": "选好的单位" });
    this.node = el("div.stack.g2", {}, this.search, this.results, this.rows);
    this.search.addEventListener("input", (event) => { event.stopPropagation(); this.later(); });
    this.search.addEventListener("keydown", (event) => this.key(event));
    this.draw();
    void this.find();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    window.clearTimeout(this.timer);
    void this.find().then(() => { if (this.found.length) this.take(this.found[0]); });
  }

  later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.find(), WAIT_MS);
  }

  async find() {
    const asked = ++this.asked;
    const { units } = await api("GET", `${this.path}?q=${encodeURIComponent(this.search.value.trim())}`).catch((error) => ({ units: null, error }));
    if (asked !== this.asked) return;
    if (!units) return this.results.replaceChildren(el("li.small.bad", {}, "单位暂时取不到，过一会儿再找。"));
    this.found = units.filter((/** @type {any} */ one) => !this.units.some((unit) => unit.organization_id === one.id));
    const shown = this.found.slice(0, SHOWN).map((/** @type {any} */ one) => this.result(one));
    const more = this.found.length > SHOWN ? [el("li.small.soft", {}, "还有别的，多写几个字。")] : [];
    this.results.replaceChildren(...(shown.length ? [...shown, ...more] : [el("li.small.soft", {}, units.length ? "都选上了。" : "没有这个单位，或者不在您能交办的范围里。")]));
  }

  /** @param {any} unit */
  result(unit) {
    const button = el("button.btn.small", { type: "button", title: unit.above ? `在${unit.above}下面` : "" }, icon("plus"), unit.name);
    button.addEventListener("click", () => this.take(unit));
    return el("li", {}, button);
  }

  /** @param {any} unit */
  take(unit) {
    const needsMain = !this.hasMain && !this.units.some((one) => one.part === "main");
    const part = needsMain ? "main" : unit.township ? "township" : "support";
    this.units.push({ organization_id: unit.id, name: unit.name, part, kind: "assign", task: "" });
    this.search.value = "";
    this.draw();
    void this.find();
    this.changed();
    this.search.focus();
  }

  draw() {
    this.rows.replaceChildren(...this.units.map((unit) => this.row(unit)));
  }

  /** @param {Unit} unit */
  row(unit) {
    const select = (/** @type {"part" | "kind"} */ what, /** @type {string} */ label, /** @type {string[][]} */ options) => {
      const node = /** @type {HTMLSelectElement} */ (el("select.input", { "aria-label": `${unit.name}：${label}` }, ...options.map(([value, words]) => el("option", { value }, words))));
      node.value = unit[what];
      node.addEventListener("change", () => { unit[what] = node.value; });
      return node;
    };
    const task = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { rows: 2, maxlength: 2000, "aria-label": `${unit.name}：办什么`, placeholder: "要它办什么，写进交办单" }));
    task.value = unit.task;
    task.addEventListener("input", () => { unit.task = task.value; });
    const away = el("button.btn.small.quiet", { type: "button", "aria-label": `不给${unit.name}` }, icon("cross"), "去掉");
    away.addEventListener("click", () => {
      this.units = this.units.filter((one) => one !== unit);
      this.draw();
      void this.find();
      this.changed();
      this.search.focus();
    });
    return el("li", {}, el("b", {}, unit.name), select("part", "主办还是协办", PARTS), select("kind", "交办还是转送", KINDS), away, task);
  }

  changed() {
    this.rows.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @returns {Unit[]} */
  get() {
    return this.units;
  }

  /** @param {Unit[]} units */
  set(units) {
    this.units = units;
    this.draw();
    void this.find();
  }
}
