// Sends a clerk's changes one after another and loses none: what is not saved yet is kept in memory and in this
// browser, and is sent again within two seconds of the office being there again.

import { api } from "/static/js/api.js";
import { expanded, known, wholeRecord } from "/static/js/desk/merge.js";
import { UnsavedHere } from "/static/js/desk/unsaved.js";
import { decisionWords } from "/static/js/undertakings.js";

const QUIET_MS = 800;
const AT_MOST_MS = 2000;
/** While the office cannot be reached it is asked as often as this, and up to twice as often: not everybody's page at once. */
const AWAY_MS = 2000;
/** A question that is lost on the way must not keep the next one waiting. */
const ASK_MS = 4000;
/** Answers that say no more than that: not reached, logged out, and a proxy whose office does not answer. */
const AWAY = new Set([0, 401, 502, 503, 504]);
/** An office that is there and cannot do it now is asked ever more rarely. */
const RETRY_MS = [2000, 4000, 8000, 15000, 30000];

/**
 * held: not sent before the clerk is through with it.  safe: what of it goes to the disk meanwhile, null for nothing;
 * undefined: all of it.
 * @typedef {{edit: any, key: string, nextId?: string, since: number, due: number, tried: boolean, why?: string, held?: boolean, safe?: any}} Change
 */

/** May go through later without anybody changing anything. @param {any} error */
export function isPassing(error) {
  return error.status === 0 || error.status >= 500 || error.status === 401 || error.status === 429;
}

/** Events: "saved" (detail: the record or its news), "status", "conflict" (detail: {change, line, field, promise}), "refused" (detail: {change, error}). */
export class Saver extends EventTarget {
  /** @param {string} recordId @param {string} userId @param {() => any} shown the record as the page shows it */
  constructor(recordId, userId, shown) {
    super();
    this.shown = shown;
    this.path = `/api/records/${recordId}`;
    this.unsaved = new UnsavedHere(`${recordId}.${userId}`);
    /** @type {Change[]} */
    this.queue = [];
    /** Changes that the office refused: shown to the clerk, never thrown away unseen. @type {Change[]} */
    this.refused = [];
    /** @type {Change | null} */
    this.sending = null;
    /** @type {any} */
    this.error = null;
    /** Tries since something was saved last. */
    this.failures = 0;
    /** Nothing is sent before this moment. */
    this.notBefore = 0;
    this.savedAt = /** @type {Date | null} */ (null);
    this.timer = 0;
    window.addEventListener("online", () => this.hurry());
    for (const over of ["compositionend", "focusout"]) document.addEventListener(over, () => this.release());
  }

  /** Number of changes the office does not have yet. */
  get waiting() {
    return this.queue.length + (this.sending ? 1 : 0);
  }

  /** Take over what an earlier page could not send; to be awaited before anything is typed.  What another window leaves
   * that is open now is taken over when it is closed. */
  async restore() {
    const late = (/** @type {Change[]} */ changes) => {
      this.takeOver(changes);
      this.keep();
      this.pump();
    };
    this.takeOver(await this.unsaved.read(late));
  }

  /** They are older than what is typed here; a text that met another one is asked about again. @param {Change[]} changes */
  takeOver(changes) {
    const isOpen = ({ why }) => !why || why === "conflict";
    this.refused.push(...changes.filter((change) => !isOpen(change)));
    this.queue.unshift(...changes.filter(isOpen).map(({ why: _why, ...change }) => ({ ...change, due: 0, tried: true })));
  }

  /** Whether what waits is on this computer's disk, and not in this page alone. */
  get onDisk() {
    return this.unsaved.sound;
  }

  keep() {
    this.unsaved.write([...(this.sending ? [this.sending] : []), ...this.queue, ...this.refused].flatMap(forDisk));
    this.dispatchEvent(new CustomEvent("status"));
  }

  /** Unsaved text of a line, or unsaved value of a field; null: none. @param {string} key "line:…" or "field:…" */
  pending(key) {
    const all = [...(this.sending ? [this.sending] : []), ...this.queue];
    const last = all.filter((c) => c.key === key && (c.edit.kind === "text" || c.edit.kind === "field")).pop();
    return last ? (last.edit.text ?? last.edit.value) : null;
  }

  /** The last edit of a place that the office does not have yet; null: none. @param {string} key */
  waitingEdit(key) {
    return [...(this.sending ? [this.sending] : []), ...this.queue].filter((c) => c.key === key).pop()?.edit || null;
  }

  /** Keys of this kind that have something waiting, as one text. @param {string} prefix */
  waitingKeys(prefix) {
    return [...(this.sending ? [this.sending] : []), ...this.queue].filter((c) => c.key.startsWith(prefix)).map((c) => c.key).join(" ");
  }

  /**
   * Typing: the last state of a place is saved after a short pause; letters that the input method has not made words of
   * yet are neither sent nor kept, what stood before them is.
   * @param {string} key @param {any} edit @param {boolean} [composing]
   */
  typed(key, edit, composing = false) {
    const now = Date.now();
    let last = this.typedLast(key, edit.kind);
    if (!last) this.queue.push((last = { key, edit, since: now, due: 0, tried: false, safe: composing ? null : undefined }));
    else if (!composing) last.safe = undefined;
    else if (last.safe === undefined) last.safe = { ...last.edit };
    Object.assign(last.edit, edit, { version: last.edit.version });
    last.held = composing;
    last.due = Math.min(now + QUIET_MS, last.since + AT_MOST_MS);
    this.keep();
    this.pump();
  }

  /**
   * A line cannot be empty: while its place is, what was typed there last is kept, and sent if nothing else follows.
   * @param {string} key @param {any} edit the line as the office has it
   */
  emptied(key, edit) {
    const last = this.typedLast(key, edit.kind);
    if (!last) this.queue.push({ key, edit, since: Date.now(), due: 0, tried: false, held: true, safe: null });
    else Object.assign(last, { held: true, edit: { ...(last.safe === null ? edit : last.safe || last.edit), version: last.edit.version } });
    this.keep();
  }

  /** The last change of a place that waits, if more of the same can be typed into it. @param {string} key @param {string} kind */
  typedLast(key, kind) {
    const last = this.queue.filter((c) => c.key === key).pop();
    return last?.edit.kind === kind ? last : undefined;
  }

  /** Whether a place is in the clerk's hands just now. @param {string} key */
  isHeld(key) {
    return this.queue.some((c) => c.key === key && c.held);
  }

  /** The clerk is through with what was held; what says nothing new is not sent. */
  release() {
    const held = this.queue.filter((c) => c.held);
    if (!held.length) return;
    for (const change of held) [change.held, change.safe] = [false, undefined];
    this.queue = this.queue.filter((c) => !held.includes(c) || !this.saysNothing(c));
    this.keep();
    this.pump();
  }

  /** @param {Change} change */
  saysNothing({ key, edit }) {
    if (edit.kind !== "text" || this.sending?.key === key) return false;
    const line = this.shown()?.body.find((/** @type {any} */ one) => one.id === edit.line_id);
    return line?.version === edit.version && line.text === edit.text;
  }

  /**
   * Anything else is sent as soon as the office is there, after what was typed before it.
   * @param {string} key @param {any} edit @param {string} [nextId] the other line of a join
   */
  change(key, edit, nextId) {
    this.release();
    this.queue.push({ key, edit, nextId, since: Date.now(), due: 0, tried: false });
    for (const change of this.queue) change.due = 0;
    this.keep();
    this.pump();
  }

  /** Sends everything now. */
  hurry() {
    for (const change of this.queue) change.due = 0;
    this.notBefore = 0;
    this.error = null;
    this.pump();
  }

  /** Resolves when the office has everything; false if something is left. */
  async flush() {
    this.release();
    this.hurry();
    while (this.waiting && !this.error) await new Promise((done) => this.addEventListener("status", done, { once: true }));
    return this.waiting === 0;
  }

  pump() {
    clearTimeout(this.timer);
    if (this.sending || !this.queue.length || this.queue[0].held) return;
    const wait = Math.max(this.queue[0].due, this.notBefore) - Date.now();
    if (wait > 0) this.timer = window.setTimeout(() => this.pump(), wait);
    else this.sendNext();
  }

  async sendNext() {
    const change = /** @type {Change} */ (this.queue.shift());
    this.sending = change;
    this.dispatchEvent(new CustomEvent("status"));
    try {
      this.succeeded(change, await this.deliver(change));
    } catch (error) {
      this.failed(change, error);
    }
  }

  /** @param {Change} change */
  async deliver(change) {
    if (this.failures) await api("GET", "/api/me", undefined, ASK_MS);
    if (change.tried && change.edit.kind === "insert") {
      const record = await wholeRecord(this.path);
      if (alreadyThere(record, change.edit)) return record;
    }
    return expanded(await api("POST", `${this.path}/edits?${known(this.shown())}`, { edits: [change.edit] }));
  }

  /** @param {Change} change @param {any} record or its news */
  succeeded(change, record) {
    this.sending = null;
    this.error = null;
    this.failures = this.notBefore = 0;
    this.savedAt = new Date();
    for (const later of this.queue) rebase(later, change, record);
    this.keep();
    this.dispatchEvent(new CustomEvent("saved", { detail: record }));
    this.pump();
  }

  /** @param {Change} change @param {any} error */
  failed(change, error) {
    this.sending = null;
    if (isPassing(error)) return this.again(change, error);
    if (error.code === "conflict") return this.conflicted(change, error);
    this.refuse(change, error);
  }

  /** @param {Change} change @param {any} error */
  again(change, error) {
    change.tried = true;
    this.error = error;
    if (!this.isTypedOver(change)) this.queue.unshift(change);
    const rarely = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
    this.notBefore = Date.now() + (AWAY.has(error.status) ? AWAY_MS * (0.5 + Math.random() / 2) : rarely);
    this.keep();
    this.pump();
  }

  /** Was more typed at the same place since?  Then that goes in its stead. @param {Change} change */
  isTypedOver(change) {
    const since = this.queue.find((c) => c.key === change.key);
    if (since?.edit.kind !== change.edit.kind || !TYPED.has(change.edit.kind)) return false;
    since.edit.version = change.edit.version;
    since.tried ||= change.tried;
    if (since.safe === null) since.safe = change.edit;
    return true;
  }

  /** Nobody is asked in the middle of a word: what is being typed there meets the same conflict. @param {Change} change @param {any} error */
  conflicted(change, error) {
    if (this.isHeld(change.key) && this.isTypedOver(change)) {
      this.keep();
      return this.pump();
    }
    const { line, field, promise } = error.details;
    const theirs = standing(change.edit, error.details);
    if (theirs !== undefined && theirs === tidy(change.edit)) return this.reload(change);
    if (theirs === undefined) return change.tried && mayBeDone(change.edit, line) ? this.reload(change) : this.refuse(change, error);
    const mine = [change, ...this.queue.filter((c) => c.key === change.key && c.edit.kind === change.edit.kind)].pop();
    this.queue = this.queue.filter((c) => c.key !== change.key || c.edit.kind !== change.edit.kind);
    const held = /** @type {Change} */ ({ ...mine, why: "conflict" });
    this.refused = [...this.refused.filter((c) => c.key !== change.key || c.why !== "conflict"), held];
    this.keep();
    this.dispatchEvent(new CustomEvent("conflict", { detail: { change: held, line, field, promise } }));
    this.pump();
  }

  /** The office already has this change (its answer was lost): take over what stands there. @param {Change} change */
  async reload(change) {
    this.sending = change;
    try {
      this.succeeded(change, await wholeRecord(this.path));
    } catch (error) {
      this.sending = null;
      this.again(change, error);
    }
  }

  /** What was typed stays here until the clerk gives it up; a mere press can be repeated. @param {Change} change @param {any} error */
  refuse(change, error) {
    change.why = error.message;
    if (wordsOf(change.edit)) this.refused.push(change);
    this.keep();
    this.dispatchEvent(new CustomEvent("refused", { detail: { change, error } }));
    this.pump();
  }

  /** After a conflict: write mine over theirs. @param {Change} change @param {number} version */
  insist(change, version) {
    this.drop(change);
    const { why: _why, ...rest } = change;
    this.queue.push({ ...rest, edit: { ...change.edit, version }, due: 0, tried: false });
    this.keep();
    this.hurry();
  }

  /** Asks again what shall stand where somebody else was first. */
  askAgain() {
    for (const change of this.refused.filter((c) => c.why === "conflict")) this.insist(change, change.edit.version);
  }

  /** The clerk has seen it and gives it up. @param {Change} change */
  drop(change) {
    this.refused = this.refused.filter((c) => c !== change);
    this.keep();
  }
}

/** A change as it outlives this page: in the next one nobody holds it. @param {Change} change @returns {Change[]} */
function forDisk({ held: _held, safe, ...change }) {
  if (safe === undefined) return [change];
  return safe ? [{ ...change, edit: { ...safe, version: change.edit.version } }] : [];
}

/** What was written into an edit; "" for a mere press. @param {any} edit */
export function wordsOf(edit) {
  return edit.kind === "promise" ? decisionWords(edit) : edit.text ?? edit.value ?? "";
}

/** What stands where this edit should have gone; undefined where nothing can be compared. @param {any} edit @param {any} details of a conflict */
function standing(edit, { line, field, promise }) {
  if (edit.kind === "promise") return promise ? decisionWords(promise) : undefined;
  return edit.kind === "text" ? line?.text : edit.kind === "field" ? field?.value : undefined;
}

/** What an edit says, as the office stores it. @param {any} edit */
function tidy(edit) {
  if (edit.kind === "promise") return decisionWords(edit);
  return edit.kind === "text" ? edit.text.trim().replace(/\s+/g, " ") : edit.value.trim();
}

/** Whether what a press asks for is so. @type {Record<string, (edit: any, line: any) => boolean>} */
const IS_SO = {
  text: () => false,
  delete: (_edit, line) => line.deleted,
  restore: (_edit, line) => !line.deleted,
  heard: (edit, line) => line.heard === edit.heard,
  mark: (edit, line) => Boolean(line.marked) === edit.marked,
  speaker: (edit, line) => line.participant_id === edit.participant_id,
};

/** Can an edit whose answer was lost have been done, as its line stands now? @param {any} edit @param {any} line null: it is gone */
function mayBeDone(edit, line) {
  const isSo = IS_SO[edit.kind];
  return isSo ? Boolean(line) && isSo(edit, line) : true;
}

/** Was this hand-typed line stored although its answer was lost? @param {any} record @param {any} edit */
function alreadyThere(record, edit) {
  const place = edit.after_id === null ? 0 : record.body.findIndex((/** @type {any} */ l) => l.id === edit.after_id) + 1;
  const line = record.body[place];
  return Boolean(line) && !line.recognised && line.text === tidy({ ...edit, kind: "text" });
}

/** The sentence after this one, or the first: what was put in there last.  @param {any} record or its news @param {string | null} id @returns {string} */
function following(record, id) {
  const order = record.order || record.body.map((/** @type {any} */ line) => line.id);
  return order[id === null ? 0 : order.indexOf(id) + 1] ?? id;
}

const TYPED = new Set(["text", "field"]);
const RESHAPING = new Set(["join", "split"]);

/**
 * A later change of the same place builds on the one just saved.  Text that was typed while the sentence was being
 * joined or split does not know its new shape: it keeps its old version, so that the office asks which text is right.
 * @param {Change} later @param {Change} saved @param {any} record
 */
function rebase(later, saved, record) {
  const edit = later.edit;
  if (saved.edit.kind === "insert") {
    if (edit.kind === "insert" && edit.after_id === saved.edit.after_id) edit.after_id = following(record, edit.after_id);
    return;
  }
  if (RESHAPING.has(saved.edit.kind) && edit.kind === "text") return;
  if (saved.key.startsWith("field:")) {
    if (later.key === saved.key) edit.version = record.form?.find((/** @type {any} */ f) => f.field === edit.field)?.version ?? edit.version;
    return;
  }
  if (saved.key.startsWith("promise:")) {
    if (later.key === saved.key) edit.version = record.promises.find((/** @type {any} */ p) => p.id === edit.promise_id)?.version ?? edit.version;
    return;
  }
  const touched = new Set([saved.edit.line_id, saved.nextId]);
  const versionOf = (/** @type {string} */ id) => record.body.find((/** @type {any} */ l) => l.id === id)?.version;
  if (touched.has(edit.line_id)) edit.version = versionOf(edit.line_id) ?? edit.version;
  if (later.nextId && touched.has(later.nextId)) edit.next_version = versionOf(later.nextId) ?? edit.next_version;
}
