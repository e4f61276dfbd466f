// What can be done with a matter now: its buttons, the likeliest first, and the dialog of each.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { allChoices } from "/static/js/cases/choices.js";
import { Kept } from "/static/js/typed.js";
import { StepForm } from "/static/js/cases/step_form.js";
import { shortDay } from "/static/js/cases/timeline.js";
import { EXPLAIN } from "/static/js/cases/step_words.js";
import { supervise } from "/static/js/cases/supervise.js";

/** Buttons that stand beside the primary one; the others are behind 别的. */
const BESIDE = 2;

export class Steps {
  /**
   * @param {{path: string, role: string, load: () => Promise<any>, show: (found: any) => void}} page
   * load: fetches and shows the case again and gives it; show: shows this one
   */
  constructor({ path, role, load, show }) {
    this.path = path;
    this.role = role;
    this.load = load;
    this.showCase = show;
    this.host = byId("steps");
    /** @type {any} */
    this.found = null;
    this.resumed = false;
  }

  /** @param {any} found Case */
  show(found) {
    this.found = found;
    const offers = found.offers;
    const direct = offers.slice(0, 1 + BESIDE).filter((/** @type {any} */ one, /** @type {number} */ i) => i === 0 || !one.behalf);
    const others = offers.filter((/** @type {any} */ one) => !direct.includes(one));
    const first = direct.map((/** @type {any} */ offer, /** @type {number} */ i) => this.button(offer, i === 0 ? "button.btn.primary" : "button.btn")).reverse();
    this.host.replaceChildren(...(others.length ? [this.more(others)] : []), ...first, ...this.supervising());
    void this.resume();
  }

  /** @param {any} offer @param {string} tag */
  button(offer, tag) {
    const button = el(tag, { type: "button", "data-step": offer.step, title: offer.behalf ? `代${offer.behalf}办` : null }, offer.name, offer.behalf ? el("span.small", {}, `代${offer.behalf}`) : null);
    button.addEventListener("click", () => {
      this.host.querySelector("details")?.removeAttribute("open");
      this.open(offer.step);
    });
    return button;
  }

  /** A supervisor takes no step, but writes to units about it. */
  supervising() {
    if (this.role !== "supervisor") return [];
    const button = el("button.btn.primary", { type: "button" }, "督办");
    button.addEventListener("click", async () => { if (await supervise(this.found)) await this.load(); });
    return [button];
  }

  /** @param {any[]} offers */
  more(offers) {
    const box = /** @type {HTMLDetailsElement} */ (el("details.more-steps", {}, el("summary.btn", {}, "别的", icon("down")),
      el("div.menu", {}, ...offers.map((offer) => this.button(offer, "button.btn.quiet.left")))));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !box.open) return;
      box.open = false;
      box.querySelector("summary")?.focus();
    });
    box.addEventListener("focusout", (event) => { if (event.relatedTarget && !box.contains(/** @type {Node} */ (event.relatedTarget))) box.open = false; });
    return box;
  }

  /** The dialog in which the log-in ran out is opened again. */
  async resume() {
    if (this.resumed) return;
    this.resumed = true;
    const marked = new Kept(`case ${this.found.id}`), wanted = await marked.read();
    void marked.drop();
    if (wanted && this.offer(wanted.step)) await this.open(wanted.step);
  }

  /** @param {string} step */
  offer(step) {
    return this.found.offers.find((/** @type {any} */ one) => one.step === step);
  }

  /** @param {string} step */
  async open(step) {
    const offer = this.offer(step);
    let choices;
    try {
      choices = await allChoices();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.logIn(step);
      return toast(error instanceof ApiError ? error.message : "这一步没办成，请刷新再试。", "alert");
    }
    const form = new StepForm(offer, this.found, choices);
    /** @type {any} */
    let taken = null;
    const answer = await ask({
      title: offer.name,
      wide: form.wide,
      body: [el("p.soft", {}, (EXPLAIN[step] || "").replace("{limit}", offer.limit)), ...this.about(offer), ...form.nodes],
      buttons: [{ value: "yes", words: offer.name, kind: "primary" }, { value: "", words: "先不" }],
      keep: { what: `case ${this.found.id} ${step}`, typed: () => form.typed(), restore: (values) => form.restore(values) },
      ready: () => form.focus(),
      act: async () => {
        try {
          taken = await api("POST", `${this.path}/steps/${step}`, { version: this.found.version, ...form.order() });
          return "";
        } catch (error) {
          return this.trouble(error, form, step);
        }
      },
    });
    if (answer) {
      this.showCase(taken);
      toast(`“${offer.name}”办好了`);
    }
    /** @type {HTMLElement | null} */ (this.host.querySelector(".primary"))?.focus();
  }

  /** What the officer should have before them. @param {any} offer */
  about(offer) {
    const asked = this.found.extension;
    const lines = offer.behalf ? [el("p.warn", {}, `这一步是代${offer.behalf}办的，历史里写您的名字。`)] : [];
    for (const one of (this.found.requests || []).filter((/** @type {any} */ request) => request.step === offer.step)) {
      lines.push(el("p", {}, el("b", {}, `信访人 ${shortDay(one.asked_on)}在网上申请${one.words ? "：" : "。"}`), one.words));
    }
    if (asked && offer.step.endsWith("_extension")) lines.push(el("p", {}, el("b", {}, `${asked.asked_by}申请延 ${asked.days} 天：`), asked.reason));
    return lines;
  }

  /** @param {unknown} error @param {StepForm} form @param {string} step @returns {Promise<string>} what to say in the dialog */
  async trouble(error, form, step) {
    if (!(error instanceof ApiError)) return "这一步没办成，请再试一次。写的都还在。";
    if (error.status === 401) return this.logIn(step);
    const fields = error.details.fields || [];
    form.mark(Array.isArray(fields) ? fields : Object.keys(fields));
    if (error.status === 409) return this.late(error, step);
    const sentences = Array.isArray(fields) ? [] : Object.values(fields);
    return sentences.length ? sentences.join("　") : said(error);
  }

  /** Somebody else was quicker: the page shows what they did, the dialog keeps what was typed. @param {ApiError} error @param {string} step */
  async late(error, step) {
    const before = this.found.version;
    await this.load();
    if (this.found.version === before) return error.message;
    const why = this.found.events[this.found.events.length - 1]?.why.replace(/。$/, "");
    const what = why ? `具体是：${why}。` : "";
    return `${error.message}${what}${this.offer(step) ? "您写的都还在，看过再按。" : "现在不能再办这一步了，您写的还留着。"}`;
  }

  /** @param {string} step */
  logIn(step) {
    void new Kept(`case ${this.found.id}`).write({ step }).then(() => location.assign(logInPath()));
    return "登录过期了，写的都留着，登录以后接着写。";
  }
}
