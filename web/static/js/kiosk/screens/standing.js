// Where the person stands in the line, why, and for how long: what the office reckons, said as it is.
import { el } from "/static/js/dom.js";
import { Screen } from "../screen.js";
import * as voice from "../voice.js";

/** The last few before this number, and this one. @param {any} sitting */
function dots(sitting) {
  const { before } = sitting.standing;
  return [...before.map((/** @type {string} */ number) => el("li", {}, number)), el("li.me", {}, `${sitting.number} 您`)];
}

/** @param {any} rule @param {Set<string>} chosen */
function choice(rule, chosen) {
  return el("button.btn", { type: "button", "data-rule": rule.id, title: rule.who, "aria-pressed": String(chosen.has(rule.id)) }, el("span", {}, rule.name), el("small", {}, rule.effect));
}

export class Standing {
  /** @param {Screen} screen @param {(claims: string[]) => Promise<any>} say @param {(interpreter: string) => Promise<any>} askFor */
  constructor(screen, say, askFor) {
    this.screen = screen;
    this.interpreter = "";
    this.keys = ["sign", "language"].map((kind) => screen.key(`interpreter-${kind}`));
    const pressed = (/** @type {string} */ kind) => () => askFor(this.interpreter === kind ? "" : kind);
    screen.on({ "interpreter-sign": pressed("sign"), "interpreter-language": pressed("language") });
    this.called = false;
    /** @type {Set<string>} */
    this.claims = new Set();
    this.shown = "";
    screen.part("care").addEventListener("click", (/** @type {Event} */ event) => this.choose(event, say));
  }

  /** @param {Event} event @param {(claims: string[]) => Promise<any>} say */
  async choose(event, say) {
    const button = event.target instanceof Element ? event.target.closest("[data-rule]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const wanted = new Set(this.claims);
    const rule = button.dataset.rule || "";
    if (!wanted.delete(rule)) wanted.add(rule);
    await say([...wanted]);
  }

  /** @param {any} sitting */
  draw(sitting) {
    const { standing } = sitting;
    if (!standing || this.shown === JSON.stringify(standing)) return;
    this.shown = JSON.stringify(standing);
    const screen = this.screen;
    screen.fill({ lead: standing.called ? "请坐好，马上开始。" : "轮到您，这里会响。叫号时您不在，让后面两位先谈，再叫您。", honest: standing.called ? `${standing.caller}叫您了。` : standing.wait, why: standing.called ? "" : standing.why, basis: standing.basis });
    screen.part("dots").replaceChildren(...(standing.called ? [] : dots(sitting)));
    screen.part("dots").hidden = standing.called;
    this.care(standing);
    this.interpreter = standing.interpreter;
    for (const key of this.keys) key.setAttribute("aria-pressed", String(key.dataset.do === `interpreter-${this.interpreter}`));
    screen.part("needs").hidden = standing.called;
    if (standing.called && !this.called) voice.speak("ring", "turn");
    this.called = standing.called;
  }

  /** What the person may say of themselves. @param {any} standing */
  care(standing) {
    const mine = standing.rules.filter((/** @type {any} */ rule) => rule.said_by === "petitioner");
    this.claims = new Set(standing.claims.filter((/** @type {string} */ id) => mine.some((/** @type {any} */ rule) => rule.id === id)));
    this.screen.part("care").replaceChildren(...mine.map((/** @type {any} */ rule) => choice(rule, this.claims)));
    this.screen.part("care-card").hidden = !mine.length;
  }
}
