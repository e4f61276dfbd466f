// One switch for everything: whoever cannot touch presses one key (a switch that sends Space or Enter) while nothing has the
// focus, and the keys of the page are offered one after the other; the switch presses the one that is marked.  Keyboards
// are offered row by row first.  A touch, or Tab, ends it.

const EVERY_MS = 1800;
const SWITCH = ["Space", "Enter", "NumpadEnter", "F13"];
const KEYS = "button:not(:disabled), [role='textbox'][tabindex='0'], textarea, input:not(:disabled)";

/** @param {Element} element */
const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0 && !element.closest("[inert]");

/** The keys that can be pressed now, in reading order; a row of a keyboard is one. @returns {Element[]} */
export function stops() {
  const dialog = document.querySelector("dialog[open]");
  const places = dialog ? [dialog] : [document.getElementById("main"), document.querySelector(".k-turn"), document.querySelector(".k-keys")];
  /** @type {Element[]} */
  const found = [];
  for (const place of places) {
    for (const key of place?.querySelectorAll(KEYS) || []) {
      const row = key.closest(".kb .r, .cands");
      const stop = row || key;
      if (visible(key) && !found.includes(stop)) found.push(stop);
    }
  }
  return found;
}

class Scanner {
  constructor() {
    this.timer = 0;
    /** @type {Element | null} */
    this.row = null;
    /** @type {Element | null} */
    this.at = null;
  }

  get on() {
    return this.timer !== 0;
  }

  start() {
    this.timer = window.setInterval(() => this.step(), EVERY_MS);
    this.step();
  }

  stop() {
    clearInterval(this.timer);
    this.mark(null);
    [this.timer, this.row] = [0, null];
  }

  /** @param {Element | null} element */
  mark(element) {
    this.at?.classList.remove("k-scanned");
    this.at = element;
    element?.classList.add("k-scanned");
    element?.scrollIntoView({ block: "nearest" });
  }

  /** Within a row one round is made, then the rows go on. */
  step() {
    const all = this.row?.isConnected ? [...this.row.querySelectorAll(KEYS)].filter(visible) : stops();
    const next = all[all.indexOf(/** @type {Element} */ (this.at)) + 1];
    if (!next && this.row) {
      const row = this.row;
      this.row = null;
      this.mark(row);
      return;
    }
    this.mark(next || all[0] || null);
  }

  press() {
    const { at } = this;
    if (!at?.isConnected) return this.step();
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.step(), EVERY_MS);
    if (at.matches(KEYS)) return /** @type {HTMLElement} */ (at).click();
    this.row = at;
    this.mark(at.querySelector(KEYS));
    return undefined;
  }
}

/** @param {any} app */
export function setUpScanning(app) {
  const scanner = new Scanner();
  addEventListener("keydown", (event) => {
    if (!scanner.on && event.code === "Tab") return;
    if (!SWITCH.includes(event.code)) return scanner.on ? scanner.stop() : undefined;
    const free = [document.body, document.getElementById("main"), null].includes(/** @type {any} */ (document.activeElement));
    if (!scanner.on && !(free && app.shown.quiet)) return undefined; // only on the first page does a bare switch begin it
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return undefined;
    return scanner.on ? scanner.press() : scanner.start();
  }, { capture: true });
  addEventListener("pointerdown", (event) => { if (event.isTrusted) scanner.stop(); }, { capture: true, passive: true });
}
