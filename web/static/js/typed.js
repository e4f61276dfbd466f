// What an officer has typed into a form or a dialog and not sent: on this computer's disk until it is sent or given up, so that
// neither a reload nor a killed browser nor a log-in that ran out takes it.

import { Unsaved, wipe } from "/static/js/desk/unsaved.js";
import { el } from "/static/js/dom.js";

const PREFIX = "typed.";
/** Words of a matter do not lie about on a computer for ever. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

function mine() {
  return `${PREFIX}${document.body.dataset.user || ""}.`;
}

let swept = false;

/** Once a page: what nobody came back for. */
function sweep() {
  if (swept) return;
  swept = true;
  wipe(PREFIX, (text) => !(Date.now() - (JSON.parse(text)[0]?.at || 0) < KEPT_MS)).catch(() => {}); // a disk that cannot be read is told where something is written
}

/** Who logs out leaves nothing half written to the next person at this computer. */
export function forgetMine() {
  return wipe(mine(), () => true);
}

/** One form's words, for one account. */
export class Kept {
  /** @param {string} what names the form among all of them, e.g. "case 7 assign" */
  constructor(what) {
    sweep();
    this.disk = new Unsaved(mine() + what);
  }

  /** @returns {Promise<any>} null: nothing */
  async read() {
    const [found] = await this.disk.read();
    return found ? found.values : null;
  }

  /** @param {any} values */
  write(values) {
    return this.disk.write([{ at: Date.now(), values }]);
  }

  drop() {
    return this.disk.write([]);
  }
}

/** @param {Element} host */
function fields(host) {
  const all = /** @type {HTMLInputElement[]} */ ([...host.querySelectorAll("input:not([type=radio]), textarea, select")]);
  return all.map((node, i) => ({ node, name: node.id || node.name || String(i) }));
}

/** @param {Element} host @returns {Object<string, any>} */
function valuesOf(host) {
  return Object.fromEntries(fields(host).map(({ node, name }) => [name, node.type === "checkbox" ? node.checked : node.value]));
}

/** @param {Element} host @param {Object<string, any>} values */
function putInto(host, values) {
  for (const { node, name } of fields(host)) {
    if (!(name in values)) continue;
    if (node.type === "checkbox") node.checked = values[name];
    else node.value = values[name];
    if (node.tagName === "SELECT") node.dispatchEvent(new Event("change")); // what is shown beside it follows it
  }
}

/** Keeps what is typed into the fields of one element; begins with what an earlier page left there. */
export class Typing {
  /**
   * @param {HTMLElement} host @param {string} what as of Kept
   * @param {{typed?: () => any, restore?: (values: any) => void}} [shape] for fields that are more than inputs
   */
  constructor(host, what, { typed = () => valuesOf(host), restore = (values) => putInto(host, values) } = {}) {
    this.kept = new Kept(what);
    this.typed = typed;
    this.restore = restore;
    this.untouched = JSON.stringify(typed());
    this.touched = false;
    this.listening = new AbortController();
    const again = el("button.link", { type: "button" }, "不要了，重新写");
    again.addEventListener("click", () => this.giveUp());
    /** Says that something was left here. */
    this.note = el("p.small.warn", { hidden: true }, "上次写的还在，接着写就行。　", again);
    for (const type of ["input", "change"]) host.addEventListener(type, () => { this.touched = true; this.keep(); }, { signal: this.listening.signal });
    /** Done when what was left is back. */
    this.ready = this.resume();
  }

  async resume() {
    const before = await this.kept.read();
    if (!before || this.touched || this.listening.signal.aborted) return;
    this.restore(before);
    this.note.hidden = false;
  }

  /** What stands in the fields now; nothing, if that is what stood there at first. */
  keep() {
    const values = this.typed();
    void (JSON.stringify(values) === this.untouched ? this.kept.drop() : this.kept.write(values));
  }

  giveUp() {
    this.restore(JSON.parse(this.untouched));
    void this.sent();
  }

  /** It lies with the office now. */
  sent() {
    this.note.hidden = true;
    return this.kept.drop();
  }

  /** The fields are used for something else. */
  stop() {
    this.listening.abort();
    this.note.remove();
  }
}
