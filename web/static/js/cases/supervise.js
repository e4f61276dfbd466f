// 督办: a supervisor writes 督办函, 风险提醒函 or 问责建议函 to a unit about one matter.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { ask, toast } from "/static/js/desk/ask.js";

/** @type {[string, string, string][]} kind, name, what it is for */
const LETTERS = [
  ["supervision", "督办函", "办得慢、反馈被退回的，请它按时反馈。"],
  ["risk_warning", "风险提醒函", "这件事可能闹大的，请它先防住。"],
  ["accountability", "问责建议函", "推诿、弄虚作假的，建议依规追责，也可以发给它的上级。"],
];

/** What a field of the order is called in the dialog. @param {string} id @param {string} label @param {HTMLElement} input */
function field(id, label, input) {
  return el("div.field", { "data-field": id }, el("label", { for: input.id }, label), input);
}

class LetterForm {
  /** @param {number | string} caseId */
  constructor(caseId) {
    this.path = `/api/cases/${caseId}/supervision`;
    /** @type {any} */
    this.draft = { units: [] };
    /** The proposed words that stand in the field as they are. */
    this.proposed = "";
    this.kind = /** @type {HTMLSelectElement} */ (el("select.input", { id: "letter-kind" }, ...LETTERS.map(([value, name]) => el("option", { value }, name))));
    this.purpose = el("span.hint", {}, "");
    this.unit = /** @type {HTMLSelectElement} */ (el("select.input", { id: "letter-unit" }));
    this.due = /** @type {HTMLInputElement} */ (el("input.input.short", { id: "letter-due", type: "date" }));
    this.text = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "letter-text", rows: 7, maxlength: 10000 }));
    const kind = field("kind", "发什么函", this.kind);
    kind.append(this.purpose);
    this.nodes = [kind, field("unit_id", "发给哪个单位", this.unit), field("text", "存在的问题和要求", this.text), field("due", "请它哪天前书面反馈", this.due)];
    this.kind.addEventListener("change", () => this.propose());
    this.unit.addEventListener("change", () => this.proposeText());
  }

  /** Fetches what a letter of the chosen kind could say. */
  async propose() {
    this.purpose.textContent = LETTERS.find(([value]) => value === this.kind.value)?.[2] || "";
    const before = this.unit.value;
    this.draft = await api("GET", `${this.path}/${this.kind.value}`);
    this.unit.replaceChildren(...this.draft.units.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
    if (this.draft.units.some((/** @type {any} */ one) => String(one.id) === before)) this.unit.value = before;
    if (!this.due.value) this.due.value = this.draft.due;
    this.due.max = this.draft.latest;
    this.proposeText();
  }

  /** Never over words that somebody typed. */
  proposeText() {
    const words = this.draft.units.find((/** @type {any} */ one) => String(one.id) === this.unit.value)?.text || "";
    if (this.text.value && this.text.value !== this.proposed) return;
    this.text.value = this.proposed = words;
  }

  typed() {
    return { kind: this.kind.value, unit: this.unit.value, due: this.due.value, text: this.text.value };
  }

  /** @param {any} kept */
  restore(kept) {
    const another = this.kind.value !== kept.kind;
    [this.kind.value, this.due.value, this.text.value, this.unit.value] = [kept.kind, kept.due, kept.text, kept.unit];
    if (another) void this.propose().then(() => { this.unit.value = kept.unit; }, (error) => toast(error instanceof ApiError ? said(error) : String(error), "alert"));
  }

  order() {
    return { kind: this.kind.value, unit_id: Number(this.unit.value), text: this.text.value.trim(), due: this.due.value };
  }

  /** What is missing, in words, and the first of it under the hand; "": nothing. */
  missing() {
    const text = !this.text.value.trim();
    this.mark(text ? ["text"] : this.due.value ? [] : ["due"]);
    if (text) return "写明存在的问题和要求。";
    return this.due.value ? "" : "选请它反馈的日子。";
  }

  /** @param {string[]} names */
  mark(names) {
    for (const node of this.nodes) node.querySelector(".input")?.setAttribute("aria-invalid", String(names.includes(node.dataset.field || "")));
    /** @type {HTMLElement | null | undefined} */ (this.nodes.find((node) => names.includes(node.dataset.field || ""))?.querySelector(".input"))?.focus();
  }
}

/** Shows the dialog; true once a letter was issued. @param {{id: number | string, title: string}} matter @returns {Promise<boolean>} */
export async function supervise({ id, title }) {
  const form = new LetterForm(id);
  try {
    await form.propose();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) location.assign(logInPath());
    else toast(error instanceof ApiError ? error.message : "现在写不了，请刷新再试。", "alert");
    return false;
  }
  if (!form.draft.units.length) {
    await ask({ title: "督办", body: [el("p", {}, "这件事还没有交给哪个单位，或者交给的单位就是被反映的，函没有地方发。")], buttons: [{ value: "", words: "知道了", kind: "primary" }] });
    return false;
  }
  let number = "";
  const answer = await ask({
    title: "督办", wide: true,
    body: [el("p.soft", {}, title), ...form.nodes],
    buttons: [{ value: "yes", words: "发出去", kind: "primary" }, { value: "", words: "先不" }],
    keep: { what: `case ${id} supervision`, typed: () => form.typed(), restore: (values) => form.restore(values) },
    ready: () => form.text.focus(),
    act: async () => {
      const missing = form.missing();
      if (missing) return missing;
      try {
        number = (await api("POST", form.path, form.order())).number;
        return "";
      } catch (error) {
        return trouble(error, form);
      }
    },
  });
  if (answer) toast(`发出去了，文号 ${number}`);
  return Boolean(answer);
}

/** @param {unknown} error @param {LetterForm} form */
function trouble(error, form) {
  if (!(error instanceof ApiError)) return "没有发出去，请再试一次。写的都还在。";
  if (error.status === 401) {
    location.assign(logInPath());
    return "登录过期了，写的都留着，登录以后接着写。";
  }
  const fields = error.details.fields || [];
  form.mark(Array.isArray(fields) ? fields : Object.keys(fields));
  return said(error);
}
