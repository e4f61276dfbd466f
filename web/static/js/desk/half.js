// What a clerk has begun to write in a form beside the lines and not given to the record: kept on this computer's disk, so
// that neither a reload nor a crash takes it.

import { UnsavedHere } from "/static/js/desk/unsaved.js";

export class Half {
  /** @param {string} recordId @param {string} userId */
  constructor(recordId, userId) {
    this.unsaved = new UnsavedHere(`${recordId}.${userId}.half`);
    /** @type {Map<string, any>} */
    this.written = new Map();
  }

  /** Takes over what an earlier page left; to be awaited before anything is written. */
  async restore() {
    this.written = new Map(await this.unsaved.read((late) => {
      this.written = new Map([...late, ...this.written]);
      this.unsaved.write([...this.written]);
    }));
  }

  /** What was begun at a place, in the form's own shape; undefined: nothing. @param {string} key "promise:…" or "insert" */
  of(key) {
    return this.written.get(key);
  }

  /** @param {string} key @param {any} words */
  keep(key, words) {
    this.written.set(key, words);
    this.unsaved.write([...this.written]);
  }

  /** It was given to the record, or given up. @param {string} key */
  drop(key) {
    if (this.written.delete(key)) this.unsaved.write([...this.written]);
  }
}
