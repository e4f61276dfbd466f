// What this clerk wrote and somebody else has changed since: told until it was looked at.

import { el, tell } from "/static/js/dom.js";

/** @typedef {{words: string, go: () => void}} Loss words: a sentence; go: shows the place */

export class Overwritten {
  /** @param {HTMLElement} box @param {string} name of the clerk @param {{line: (id: string) => void, field: (name: string) => void}} go */
  constructor(box, name, go) {
    this.box = box;
    this.name = name;
    this.go = go;
    /** By place. @type {Map<string, Loss>} */
    this.losses = new Map();
    /** What this page put into fields. @type {Map<string, string>} */
    this.fields = new Map();
    /** Places at which the clerk was shown both texts. @type {Set<string>} */
    this.told = new Set();
  }

  /** @param {string} key "line:…" or "field:…" @param {string} value */
  wrote(key, value) {
    this.told.delete(key);
    if (key.startsWith("field:")) this.fields.set(key.slice("field:".length), value.trim());
  }

  /** What stands there next is known to the clerk. @param {string} key */
  isTold(key) {
    this.told.add(key);
  }

  /** What stands in the fields next comes from this clerk's own step. */
  forget() {
    this.fields.clear();
  }

  /**
   * Compares the record with what it was.
   * @param {any[]} before lines @param {any} record @param {Map<string, any>} lines of it by id @param {(key: string) => string | null} pending
   */
  look(before, record, lines, pending) {
    for (const was of before) {
      const now = was.edited_by === this.name ? lines.get(was.id) : null;
      if (now && now !== was && this.isAnothers(was, now) && pending(`line:${was.id}`) === null) this.add(`line:${was.id}`, lineWords(was, now, record.body.indexOf(now) + 1), () => this.go.line(was.id));
    }
    for (const value of this.fields.size ? record.form : []) {
      const mine = this.fields.get(value.field);
      if (mine === undefined || mine === value.value || pending(`field:${value.field}`) !== null) continue;
      this.fields.delete(value.field);
      if (value.edited_by !== this.name) this.add(`field:${value.field}`, `${value.edited_by || "另一位登记员"}改了您填的“${value.label}”，您写的是“${mine}”。`, () => this.go.field(value.field));
    }
    this.show();
  }

  /** @param {any} was @param {any} now */
  isAnothers(was, now) {
    return now.edited_by && now.edited_by !== this.name && (now.text !== was.text || now.deleted !== was.deleted);
  }

  /** @param {string} key @param {string} words @param {() => void} go */
  add(key, words, go) {
    if (!this.told.delete(key)) this.losses.set(key, { words, go });
  }

  show() {
    const [first] = this.losses;
    if (!first) return tell(this.box, "");
    const [key, { words, go }] = first;
    const look = this.button("去看", key, go);
    const known = this.button("知道了", key);
    const more = this.losses.size > 1 ? `　还有 ${this.losses.size - 1} 处。` : "";
    this.box.hidden = false;
    return /** @type {HTMLElement} */ (this.box.querySelector("div")).replaceChildren(`${words}${more}　`, look, "　", known);
  }

  /** @param {string} words @param {string} key @param {() => void} [go] */
  button(words, key, go) {
    const made = el("button.link", { type: "button" }, words);
    made.addEventListener("click", () => {
      this.losses.delete(key);
      this.show();
      go?.();
    });
    return made;
  }
}

/** @param {any} was @param {any} now @param {number} number of the line */
function lineWords(was, now, number) {
  return `${now.edited_by}${now.deleted ? "删了" : "改了"}您改过的第 ${number} 句，您写的是“${was.text}”。`;
}
