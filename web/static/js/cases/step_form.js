// The fields of one step: just those that it needs or may have, with what is there already.
import { el } from "/static/js/dom.js";
import { categoryChooser } from "/static/js/cases/category.js";
import { ANSWERS, USUAL, labelOf } from "/static/js/cases/step_words.js";
import { UnitChooser } from "/static/js/cases/units.js";

/** @typedef {{name: string, node: HTMLElement, get: () => any, set: (value: any) => void}} Field */

const LONGEST = /** @type {Object<string, number>} */ ({ reason: 500, outcome: 500, how: 200, by_whom: 64, place: 200, accused_unit: 500, text: 10_000 });
const CHECKS = /** @type {Object<string, string>} */ ({ litigation: "涉法涉诉：归法院、检察院、公安的程序管", simple: "简易办理：事实清楚、责任明确，期限更短" });

/** Today in the office's time. */
export function today() {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
}

/** @param {string} name @param {string} label @param {boolean} needed @param {HTMLElement} input @param {...Node} more */
function labelled(name, label, needed, input, ...more) {
  return el("div.field", { "data-field": name }, el("label", { for: input.id }, label, needed ? "" : el("span.mute.nb", {}, "　可以不写")), input, ...more);
}

/** @param {string} name @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} input @param {HTMLElement} node @returns {Field} */
function plain(name, input, node) {
  return { name, node, get: () => input.value.trim(), set: (value) => { input.value = value ?? ""; } };
}

export class StepForm {
  /** @param {any} offer StepOffer @param {any} found Case @param {any} choices Choices */
  constructor(offer, found, choices) {
    this.offer = offer;
    this.found = found;
    this.choices = choices;
    const shares = offer.assignment_ids.length > 1 ? [this.share()] : [];
    this.fields = [...shares, ...[...offer.needs, ...offer.may].map((name) => this.field(name))];
  }

  get nodes() {
    return this.fields.map((field) => field.node);
  }

  get wide() {
    return this.fields.some((field) => ["units", "text", "route", "category"].includes(field.name));
  }

  /** @param {string} name @returns {Field} */
  field(name) {
    const needed = this.offer.needs.includes(name);
    switch (name) {
      case "units": return this.units();
      case "category": return this.category();
      case "route": return this.route();
      case "purpose": return this.select(name, "信访目的", this.choices.purposes, this.found.purpose_value);
      case "pause": return this.select(name, "停算的理由", this.choices.pauses.map((/** @type {any} */ one) => [one.id, `${one.name}（${one.basis}）`]), "");
      case "ground": return this.select(name, "为什么不受理", [["late", "过了申请的期限"], ["not_theirs", "不是信访人本人、也没有受他委托"]], "");
      case "result": return this.select(name, "调解的结果", [["agreed", "达成协议"], ["not_agreed", "没有达成协议"], ["withdrawn", "不再调解"]], "");
      case "score": return this.select(name, "他现在满意吗", this.choices.scores, "", false);
      case "day": return this.day();
      case "days": return this.days();
      case "litigation":
      case "simple": return this.check(name);
      default: return this.words(name, needed);
    }
  }

  /** @param {string} name @param {boolean} needed @returns {Field} */
  words(name, needed) {
    const long = ["reason", "outcome", "text"].includes(name);
    const input = /** @type {HTMLTextAreaElement} */ (el(long ? "textarea.input" : "input.input", { id: `step-${name}`, maxlength: LONGEST[name], rows: long ? (name === "text" && needed ? 9 : 3) : null, autocomplete: "off" }));
    const label = name === "text" ? `写进${this.offer.letter}的话` : labelOf(name, this.offer.step);
    const field = plain(name, input, labelled(name, label, needed, input, ...this.aids(name, input)));
    field.set(name === "text" ? this.offer.start : ["place", "accused_unit"].includes(name) ? this.found[name] : "");
    return field;
  }

  /** @param {string} name @param {HTMLInputElement | HTMLTextAreaElement} input */
  aids(name, input) {
    if (name === "text") return [el("span.hint", {}, `${this.offer.start.includes("〔") ? "〔〕里的换成您要写的，括号去掉。" : ""}抬头、文号、期限和能怎么办，文书里都有，不用写。`)];
    if (name === "accused_unit") return [el("span.hint", {}, "揭发控告的，写在这里的单位看不到这件事")];
    const usual = { how: USUAL, outcome: ANSWERS }[name]?.[this.offer.step] || [];
    const chips = usual.map((words) => {
      const chip = el("button.btn.small", { type: "button" }, words);
      chip.addEventListener("click", () => { input.value = words; input.dispatchEvent(new Event("input", { bubbles: true })); });
      return chip;
    });
    return chips.length ? [el("div.row.wrap.g2", {}, ...chips)] : [];
  }

  /** @param {string} name @param {string} label @param {[string, string][]} options @param {string} value @param {boolean} [needed] @returns {Field} */
  select(name, label, options, value, needed = true) {
    const input = /** @type {HTMLSelectElement} */ (el("select.input", { id: `step-${name}` }, el("option", { value: "" }, needed ? "请选" : "没有问到"), ...options.map(([key, words]) => el("option", { value: key }, words))));
    input.value = value;
    return plain(name, input, labelled(name, label, needed, input));
  }

  /** @returns {Field} */
  day() {
    const asked = (this.found.requests || []).find((/** @type {any} */ one) => one.step === this.offer.step);
    const input = /** @type {HTMLInputElement} */ (el("input.input.short", { id: "step-day", type: "date", max: today(), value: asked?.asked_on || today() }));
    const field = plain("day", input, labelled("day", labelOf("day", this.offer.step), true, input));
    return { ...field, get: () => input.value || null };
  }

  /** @returns {Field} */
  days() {
    const input = /** @type {HTMLInputElement} */ (el("input.input.short", { id: "step-days", type: "number", min: 1, max: 365, inputmode: "numeric" }));
    const field = plain("days", input, labelled("days", "延几天", true, input));
    return { ...field, get: () => (input.value ? Number(input.value) : null) };
  }

  /** @param {string} name @returns {Field} */
  check(name) {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: `step-${name}` }));
    input.checked = Boolean(this.found[name]);
    return { name, node: el("label.check", {}, input, CHECKS[name]), get: () => input.checked, set: (value) => { input.checked = Boolean(value); } };
  }

  /** @returns {Field} */
  category() {
    const chooser = categoryChooser(this.choices.categories);
    chooser.set(this.found.category);
    const node = el("fieldset.field", { "data-field": "category" }, el("legend.label", {}, "内容类别"), chooser.node);
    return { name: "category", node, get: chooser.get, set: chooser.set };
  }

  /** @returns {Field} */
  units() {
    const chooser = new UnitChooser(String(this.found.id), this.found.assignments.some((/** @type {any} */ one) => one.part === "主办" && one.state !== "已收回"), this.found.prepared || []);
    return { name: "units", node: labelled("units", this.found.prepared?.length ? "给哪些单位（领导答应的事，已经填好）" : "给哪些单位", true, chooser.search, chooser.results, chooser.rows), get: () => chooser.get(), set: (value) => chooser.set(value || []) };
  }

  /** The statutory routes for the matter's category, and room for another. @returns {Field} */
  route() {
    const known = this.choices.categories.find((/** @type {any} */ one) => one.name === this.found.category);
    const routes = (known ? known.routes : this.choices.general).map((/** @type {number} */ place) => this.choices.routes[place]);
    const own = /** @type {HTMLInputElement} */ (el("input.input", { id: "step-route", maxlength: 200, "aria-label": "别的途径", placeholder: "去哪里，依据哪部法" }));
    const pick = (/** @type {string} */ value) => /** @type {HTMLInputElement} */ (el("input", { type: "radio", name: "route-choice", value }));
    const options = routes.map((/** @type {any} */ one) => el("label.check", {}, pick(`${one.body}（${one.law}${one.article}）`.slice(0, 200)),
      el("span", {}, el("b", {}, one.body), el("span.small.soft.block", {}, `${one.what}　${one.law}${one.article}${one.source ? `，${one.source}` : ""}`))));
    const other = pick("");
    own.addEventListener("input", () => { other.checked = true; });
    const node = el("fieldset.field.routes", { "data-field": "route" }, el("legend.label", {}, this.found.category ? `“${this.found.category}”的法定途径` : "法定途径"),
      ...options, el("div.check", {}, el("label", {}, other, el("span.vh", {}, "别的途径")), own));
    const chosen = () => /** @type {HTMLInputElement | null} */ (node.querySelector("input:checked"));
    return {
      name: "route", node,
      get: () => (chosen() ? chosen()?.value || own.value.trim() : ""),
      set: (value) => {
        const same = [...node.querySelectorAll("input[type=radio]")].find((input) => value && /** @type {HTMLInputElement} */ (input).value === value);
        if (same) /** @type {HTMLInputElement} */ (same).checked = true;
        else if (value) { own.value = value; other.checked = true; }
      },
    };
  }

  /** Which unit's share it is about, where there are several. @returns {Field} */
  share() {
    const shares = this.found.assignments.filter((/** @type {any} */ one) => this.offer.assignment_ids.includes(one.id));
    const input = /** @type {HTMLSelectElement} */ (el("select.input", { id: "step-share" }, ...shares.map((/** @type {any} */ one) => el("option", { value: one.id }, `${one.unit}（${one.part}，${one.state}）`))));
    return { name: "assignment_id", node: labelled("assignment_id", "哪个单位", true, input), get: () => Number(input.value), set: (value) => { input.value = String(value); } };
  }

  /** What the officer has typed, as StepOrder wants it; empty places are left out. */
  order() {
    const values = this.typed();
    if (values.units) values.units = values.units.map((/** @type {any} */ one) => ({ organization_id: one.organization_id, kind: one.kind, part: one.part, task: one.task.trim() }));
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== ""));
  }

  /** @returns {Object<string, any>} */
  typed() {
    return Object.fromEntries(this.fields.map((field) => [field.name, field.get()]));
  }

  /** @param {Object<string, any>} values */
  restore(values) {
    for (const field of this.fields) if (field.name in values && values[field.name] !== null) field.set(values[field.name]);
  }

  /** Puts the first of these fields under the hand and marks all. @param {string[]} names */
  mark(names) {
    for (const field of this.fields) {
      const wrong = names.includes(field.name);
      for (const input of field.node.querySelectorAll(".input, input")) input.setAttribute("aria-invalid", String(wrong));
    }
    const first = this.fields.find((field) => names.includes(field.name));
    /** @type {HTMLElement | null | undefined} */ (first?.node.querySelector("input, select, textarea"))?.focus();
  }

  focus() {
    /** @type {HTMLElement | null | undefined} */ (this.fields[0]?.node.querySelector("input, select, textarea"))?.focus();
  }
}
