// 答复: what the leader undertook, as the office heard it, to confirm, correct or strike before hanging up.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell, worded } from "/static/js/dom.js";
import { undertakingForm } from "/static/js/undertakings.js";

const PAUSE_MS = 5000;
const AGAIN_MS = 1000;
/** How the name of a promise begins that nobody heard (server/protocol/receptions.py). */
const TYPED = "typed-";

/** @param {{id: string, text: string}} one */
const said = ({ id, text }) => (id.startsWith(TYPED) ? "没有原话，是您补记的" : `原话：${text}`);

/** @typedef {import("/static/js/undertakings.js").Undertaking} Undertaking */

/** The list in the panel; asks the office for what came since until `signal` says that the talk is over. */
export class Promises {
  /** @param {string} receptionId @param {AbortSignal} signal @param {string} [own] whose a promise is that names nobody */
  constructor(receptionId, signal, own = "您这边") {
    this.own = own;
    this.path = `/api/receptions/${receptionId}/promises`;
    this.list = byId("promises");
    this.until = 0;
    /** @type {Map<string, Undertaking>} */
    this.known = new Map();
    this.timer = 0;
    this.again = 0;
    this.over = false;
    signal.addEventListener("abort", () => { this.over = true; clearTimeout(this.timer); clearTimeout(this.again); });
    this.typing = false;
    byId("promise-add").addEventListener("click", () => this.add(), { signal });
    this.draw();
  }

  /** Now and again and again; a line that is away is no reason to stop. */
  async follow() {
    clearTimeout(this.timer);
    await this.refresh();
    if (!this.over) this.timer = window.setTimeout(() => this.follow(), PAUSE_MS);
  }

  async refresh() {
    try {
      const { promises, until } = await api("GET", `${this.path}?after=${this.until}`);
      this.until = until;
      for (const one of promises) this.take(one);
      this.draw();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Nothing is drawn anew under the fingers of somebody who corrects it. @param {Undertaking} one */
  take(one) {
    const before = this.known.get(one.id);
    this.known.set(one.id, one);
    const card = this.card(one.id);
    if (card?.querySelector("form") || (before && JSON.stringify(before) === JSON.stringify(one))) return;
    if (card) card.replaceWith(this.build(one));
    else this.list.prepend(this.build(one));
  }

  /** @param {string} id @returns {HTMLElement | null} */
  card(id) {
    return this.list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  left() {
    return [...this.known.values()].filter((one) => one.state === "heard").length;
  }

  draw() {
    const shown = [...this.known.values()].filter((one) => one.state !== "struck").length;
    byId("promises-empty").hidden = shown > 0 || this.typing;
    byId("pane-promises").toggleAttribute("data-none", shown === 0 && !this.typing);
    const left = this.left();
    byId("promises-left").textContent = left ? `${left} 条没有核对` : "";
    byId("promises-count").textContent = left ? ` ${left}` : "";
    tell(byId("hang-up-promises"), left ? `还有 ${left} 条答复没有核对。可以接着谈，先核对；现在挂断也行，笔录里会写明没有核对。` : "");
  }

  /** @param {Undertaking} one */
  build(one) {
    const card = el("li.promise", { "data-id": one.id, "data-state": one.state, hidden: one.state === "struck" });
    const sure = one.state === "confirmed";
    const buttons = el("div.row.g2", {},
      sure ? el("span.small.ok.row", {}, icon("check"), "核对过") : this.button("btn.small.primary", "check", "对，记下", () => this.decide(one, "confirmed", card)),
      this.button("btn.small", "edit", "改", () => card.replaceChildren(...this.form(one, card))),
      this.button("btn.small", "cross", "不算", () => this.decide(one, "struck", card)));
    card.append(
      el("p", {}, el("b", {}, one.who || this.own), "　", one.what, one.by ? el("span.badge", {}, one.by) : ""),
      el("p.small.soft", {}, said(one)), buttons, el("p.small.bad", { role: "alert", hidden: true }));
    return card;
  }

  /** @param {string} tag @param {string} drawing @param {string} words @param {() => void} act */
  button(tag, drawing, words, act) {
    const button = el(`button.${tag}`, { type: "button" });
    button.append(worded(drawing, words));
    button.addEventListener("click", act);
    return button;
  }

  /** @param {Undertaking} one @param {HTMLElement} card */
  form(one, card) {
    const form = undertakingForm(one, this.own, (said) => this.decide({ ...one, ...said }, "confirmed", card),
      () => card.replaceWith(this.build(this.known.get(one.id) || one)));
    return [el("p.small.soft", {}, said(one)), form, el("p.small.bad", { role: "alert", hidden: true })];
  }

  /** A card for something that was promised and not heard. */
  add() {
    const open = /** @type {HTMLInputElement | null} */ (this.list.querySelector(".typing [name=what]"));
    if (open) return open.focus();
    const empty = /** @type {Undertaking} */ ({ id: `${TYPED}${crypto.randomUUID()}`, who: "", what: "", by: "", text: "", start: 0, state: "confirmed", version: 0, decided_by: "", decided_at: null });
    const card = el("li.promise.typing", {});
    const leave = () => { this.typing = false; card.remove(); this.draw(); };
    const form = undertakingForm(empty, this.own, (said) => this.keep({ ...empty, ...said }, card), leave);
    card.append(el("b", {}, "记一件答应的事"), form, el("p.small.bad", { role: "alert", hidden: true }));
    this.typing = true;
    this.list.prepend(card);
    this.draw();
    return /** @type {HTMLInputElement} */ (form.querySelector("[name=what]")).focus();
  }

  /** What was typed is not lost where the office has not heard yet that the talk began: it is kept as soon as it has.
   * @param {Undertaking} one @param {HTMLElement} card */
  async keep(one, card) {
    const { id, who, what, by } = one;
    try {
      const now = await api("POST", this.path, { id, who, what, by });
      this.typing = false;
      card.remove();
      this.take(now);
      this.draw();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const waits = error.code === "not_begun";
      tell(/** @type {HTMLElement} */ (card.querySelector('[role="alert"]')), waits ? "开始谈了就自己记下。" : `${error.message}　还没有记下。`);
      clearTimeout(this.again);
      if (waits) this.again = window.setTimeout(() => { if (card.isConnected) void this.keep(one, card); }, AGAIN_MS);
    }
  }

  /** @param {Undertaking} one @param {"confirmed" | "struck"} state @param {HTMLElement} card */
  async decide(one, state, card) {
    const { who, what, by } = one;
    try {
      const now = await api("PUT", `${this.path}/${one.id}`, { state, who, what, by });
      this.known.set(one.id, now);
      card.replaceWith(this.build(now));
      this.draw();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const place = /** @type {HTMLElement} */ (card.querySelector('[role="alert"]'));
      tell(place, `${error.message}　还没有记下。`);
    }
  }
}
