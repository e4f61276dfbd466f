// The record's lines on the page: drawn once, afterwards only what changed; one set of listeners for all of them.

import { el, icon } from "/static/js/dom.js";
import { clockAt, mediaTime } from "/static/js/time.js";
import { LongList } from "/static/js/desk/longlist.js";
import { byLine, otherLine, otherReading, rowKey } from "/static/js/desk/others.js";
import { placesIn } from "/static/js/desk/risks.js";
import { marked, placeWords, wholeDoubts, wordsIn } from "/static/js/desk/words.js";

const SPOKEN = "spoken";
/** Height of a usual row with its margin. */
const ROW_PX = 66;
/** By so many characters a place may have moved while its line is typed in. */
const MOVED = 4;
/** How a place of a kind is underlined; the others by whether they were heard well. @type {Record<string, string>} */
const LOOKS = { differ: "two", weak: "q" };

/** @typedef {{from: number, to: number, core?: number[]}} PlaceOfText offsets in a line's text; core: what is chosen of it */

/** The line being played and the word in it are found in lines sorted by start. @param {any[]} lines @param {number} t */
export function lineAt(lines, t) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].start <= t) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= 0 && i >= low - 4; i--) if (t < lines[i].end) return lines[i];
  return null;
}

/**
 * Events: "select" (detail: id), "hear" (detail: id), "hear-word" (detail: {id, at, on}), "typed" (detail: {id, text, composing}), "action" (detail: {id, name}),
 * "take", "dismiss" and "hear-other" (detail: the suggestion).
 */
export class Lines extends EventTarget {
  /** @param {HTMLElement} host scrolls @param {{pending?: (key: string) => string | null, held?: (key: string) => boolean, editable?: boolean}} options */
  constructor(host, { pending = () => null, held = () => false, editable = false } = {}) {
    super();
    this.host = host;
    this.pending = pending;
    this.held = held;
    /** The input method has letters that are no words yet. */
    this.composing = false;
    this.editable = editable;
    this.shownEditable = editable;
    /** @type {any} */
    this.record = null;
    this.list = new LongList(host, {
      height: ROW_PX,
      draw: (key, thing) => this.draw(key, thing),
      refresh: (row, thing, old, key) => { if (this.byId.has(key)) this.refresh(row, thing, old); },
      removed: (row) => { if (this.tools && row.contains(this.tools)) this.tools.remove(); },
    });
    /** @type {Map<string, any>} */
    this.byId = new Map();
    /** @type {any[]} */
    this.spoken = [];
    /** Other readings by line. @type {Map<string, any[]>} */
    this.others = new Map();
    /** What only the second pass heard, by the key of its row. @type {Map<string, any>} */
    this.added = new Map();
    /** Id of a line, or key of a row of `added`. */
    this.current = "";
    this.caret = 0;
    this.playing = "";
    /** @type {import("/static/js/desk/words.js").Place | undefined} */
    this.spokenWord = undefined;
    /** @type {ChildNode | null | undefined} */
    this.spokenIn = null;
    /** @type {{line: any, text: string, places: import("/static/js/desk/words.js").Place[]} | null} */
    this.placed = null;
    /** @type {Map<string | null, string>} */
    this.fellows = new Map();
    /** @type {HTMLElement | null} */
    this.tools = null;
    this.listen();
  }

  listen() {
    this.host.addEventListener("pointerdown", (event) => this.pressed(event));
    this.host.addEventListener("click", (event) => this.clicked(event));
    this.host.addEventListener("input", (event) => this.input(event, /** @type {InputEvent} */ (event).isComposing));
    this.host.addEventListener("compositionstart", () => { this.composing = true; });
    this.host.addEventListener("compositionend", (event) => {
      this.composing = false;
      this.input(event, false);
    });
    this.host.addEventListener("focusout", (event) => this.left(event));
    this.host.addEventListener("beforeinput", (event) => refuseLineBreaks(/** @type {InputEvent} */ (event)));
    document.addEventListener("selectionchange", () => this.rememberCaret());
  }

  // --- showing -------------------------------------------------------------------------------------------------

  /** Shows this state of the record; what did not change is left alone. @param {any} record */
  show(record) {
    const release = this.holdStill();
    this.record = record;
    this.byId = new Map(record.body.map((/** @type {any} */ line) => [line.id, line]));
    this.others = byLine(record.suggestions);
    const decided = this.added.get(this.current);
    this.added = new Map(record.suggestions.filter((/** @type {any} */ one) => !one.line_id).map((/** @type {any} */ one) => [rowKey(one, this.editable), one]));
    this.spoken = record.body.filter((/** @type {any} */ l) => !l.deleted && l.end > l.start).sort((/** @type {any} */ a, /** @type {any} */ b) => a.start - b.start);
    if (!this.has(this.current)) this.current = decided ? this.lineInstead(decided)?.id || "" : "";
    this.list.show(this.sequence());
    if (this.shownEditable !== this.editable) for (const [id, row] of this.list.rows) if (this.byId.has(id)) this.fill(row, this.byId.get(id));
    this.shownEditable = this.editable;
    this.mark();
    if (decided && this.byId.has(this.current)) this.select(this.current, { scroll: false });
    release();
  }

  /** What is being written stays where it is on the screen while something is added above it; answers with what ends that. */
  holdStill() {
    const row = this.host.contains(document.activeElement) ? document.activeElement?.closest(".u") : null;
    if (!row) return () => {};
    const top = row.getBoundingClientRect().top;
    this.host.style.overflowAnchor = "none";
    return () => {
      if (row.isConnected) this.host.scrollTop += row.getBoundingClientRect().top - top;
      requestAnimationFrame(() => { this.host.style.overflowAnchor = ""; });
    };
  }

  /** @param {string} id of a line, or key of what only the second pass heard */
  has(id) {
    return this.byId.has(id) || this.added.has(id);
  }

  /** Where somebody is who has just decided about what only the second pass heard: in the line that it became, or before it.
   * @param {import("/static/js/desk/others.js").Suggestion} one */
  lineInstead(one) {
    const standing = this.record.body.filter((/** @type {any} */ line) => !line.deleted && line.end > line.start && line.start <= one.start);
    return standing.find((/** @type {any} */ line) => line.start === one.start && line.participant_id === one.participant_id) || standing[standing.length - 1];
  }

  /** Keys of rows in order: lines, with the gaps and what only the second pass heard where they happened. */
  sequence() {
    const gaps = this.record.gaps.map((/** @type {any} */ gap, /** @type {number} */ i) => [`gap:${i}:${gap.start}:${gap.text}`, gap]);
    const between = [...gaps, ...this.added].sort((a, b) => a[1].start - b[1].start);
    const rows = [];
    for (const line of this.record.body) {
      while (between.length && line.end > line.start && between[0][1].start <= line.start) rows.push(between.shift());
      rows.push([line.id, line]);
    }
    return /** @type {[string, any][]} */ ([...rows, ...between]);
  }

  /** @param {string} key @param {any} thing */
  draw(key, thing) {
    return key.startsWith("gap:") ? gapRow(thing) : key.startsWith("other:") ? otherLine(thing, this.record, this.editable) : this.lineRow(thing);
  }

  /** @param {any} line */
  lineRow(line) {
    const when = el("button.at", { type: "button", "data-hear": "" });
    const row = el("div.u", { "data-id": line.id }, el("span.w", {}, el("b"), when), el("div.t", {}, el("p.say")));
    this.fill(row, line);
    this.fellowAt(row, line.id);
    row.classList.toggle("cur", line.id === this.current);
    row.classList.toggle("now", line.id === this.playing);
    return row;
  }

  /** Who else is at which line. @param {import("/static/js/desk/fellows.js").Fellow[]} others */
  showFellows(others) {
    this.fellows = new Map(others.filter((one) => one.line_id).map((one) => [one.line_id, one.name]));
    for (const [id, row] of this.list.rows) this.fellowAt(row, id);
  }

  /** @param {HTMLElement} row @param {string} id */
  fellowAt(row, id) {
    const name = this.fellows.get(id);
    if (name) row.dataset.fellow = name;
    else delete row.dataset.fellow;
  }

  /** @param {HTMLElement} row @param {any} line @param {any} old */
  refresh(row, line, old) {
    if (signature(line) === signature(old) && row.dataset.others === this.othersOf(line)) return;
    this.fill(row, line);
  }

  /** What makes the other readings of a line look different. @param {any} line */
  othersOf(line) {
    return JSON.stringify([this.editable, this.others.get(line.id) || []]);
  }

  /** @param {HTMLElement} row @param {any} line */
  fill(row, line) {
    const who = this.record.participants.find((/** @type {any} */ p) => p.id === line.participant_id);
    const nobodys = who?.role === "room";
    const side = nobodys ? "n nobodys" : who ? (who.role === "petitioner" ? "a" : "l") : "n";
    row.className = `u ${side}${line.deleted ? " deleted" : ""}${line.disputed ? " disputed" : ""}${line.heard ? " heard" : ""}${line.marked ? " marked" : ""}`;
    /** @type {HTMLElement} */ (row.querySelector(".w b")).textContent = nobodys ? "谁说的？" : who ? who.name : "补记";
    const when = /** @type {HTMLElement} */ (row.querySelector(".at"));
    when.textContent = line.end > line.start ? clockAt(this.record.started_at, line.start) : "手写";
    when.setAttribute("aria-label", `${when.textContent} 听这一句`);
    when.toggleAttribute("disabled", !(line.end > line.start));
    this.fillText(row, line);
    this.fillStatus(row, line);
    row.dataset.others = this.othersOf(line);
    if (line.id === this.current || line.id === this.playing) this.mark();
  }

  /** @param {HTMLElement} row @param {any} line */
  fillText(row, line) {
    const say = /** @type {HTMLElement} */ (row.querySelector(".say"));
    const unsaved = this.pending(`line:${line.id}`);
    const focused = document.activeElement === say;
    const text = unsaved ?? line.text;
    if (focused && (tidied(say.textContent || "") === tidied(text) || this.held(`line:${line.id}`))) return;
    const caret = focused ? caretIn(say) : null;
    say.replaceChildren(...marked(text, unsaved === null && !line.deleted ? this.marks(line) : []));
    if (caret !== null) choose(say, Math.min(caret, text.length));
  }

  /** Places to check: where the passes differ, words that were not heard well, and what a matter hangs on. @param {any} line */
  marks(line) {
    return placesIn(line, this.others.get(line.id) || []).filter((place) => place.to > place.from).map(({ from, to, kind, weak }) => ({ from, to, kind: LOOKS[kind] || (weak ? "q" : kind === "negation" ? "neg" : "fig") }));
  }

  /** @param {HTMLElement} row @param {any} line */
  fillStatus(row, line) {
    const box = /** @type {HTMLElement} */ (row.querySelector(".t"));
    box.querySelectorAll(":scope > .st, :scope > .says-no, :scope > .other").forEach((node) => node.remove());
    const notes = statusNotes(line);
    const say = /** @type {HTMLElement} */ (row.querySelector(".say"));
    if (!line.deleted) say.after(...(this.others.get(line.id) || []).map((one) => otherReading(one, line, this.record, this.editable)));
    if (notes.length) say.after(el("span.st", {}, ...notes));
    if (line.disputed) say.after(el("p.says-no", {}, icon("hand"), el("span", {}, el("b", {}, "群众说不对："), line.disputed), ...this.spokenObjections(line)));
    if (line.deleted && this.editable) box.querySelector(".st")?.append(el("button.link", { type: "button", "data-action": "restore" }, "恢复这一句"));
  }

  /** What the petitioner said against the line, to hear. @param {any} line */
  spokenObjections(line) {
    const spoken = this.record.disputes.filter((/** @type {any} */ one) => one.line_id === line.id && one.sound_url && !one.withdrawn && one.before === line.text);
    return spoken.map((/** @type {any} */ one) => el("audio", { controls: true, preload: "none", src: one.sound_url, "aria-label": "听群众说的" }));
  }

  // --- selecting and typing ------------------------------------------------------------------------------------

  /** Text becomes editable as it is pressed, so that the caret lands where the finger was. @param {Event} event */
  pressed(event) {
    if (event.target instanceof Element && event.target.closest(".other button") && !this.composing) event.preventDefault();
    const say = event.target instanceof Element ? event.target.closest(".say") : null;
    const line = say && this.lineOf(say);
    if (say && line && this.editable && !line.deleted) makeEditable(/** @type {HTMLElement} */ (say));
  }

  /** @param {Event} event */
  clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    if (target && this.pressedOther(target)) return;
    const line = target && this.lineOf(target);
    const added = target?.closest("[data-added]")?.getAttribute("data-added");
    if (added) {
      this.select(added, { scroll: false });
      this.tell("hear", added);
    }
    if (!target || !line) return;
    const action = target.closest("[data-action]");
    if (action) return this.tell("action", { id: line.id, name: action.getAttribute("data-action") });
    const say = target.closest(".say");
    const fresh = line.id !== this.current;
    if (say || target.closest("[data-hear]")) this.select(line.id, { scroll: false });
    const { ctrlKey } = /** @type {MouseEvent} */ (event);
    if (say && (ctrlKey || fresh)) this.tell("hear-word", { id: line.id, at: this.timeAt(line, say, /** @type {MouseEvent} */ (event)), on: ctrlKey });
    else if (target.closest("[data-hear]")) this.tell("hear", line.id);
  }

  /** When the word under the pointer was said; null: there is none. @param {any} line @param {Element} say @param {MouseEvent} event */
  timeAt(line, say, { clientX, clientY }) {
    const range = document.caretRangeFromPoint(clientX, clientY);
    if (!range || !say.contains(range.startContainer)) return null;
    const before = document.createRange();
    before.setStart(say, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const offset = before.toString().length;
    return this.placesIn(line, say.textContent || "").find((place) => offset <= place.to && place.from <= offset + 1)?.start ?? null;
  }

  /** Was it a button of another reading? @param {Element} target */
  pressedOther(target) {
    for (const [name, attribute] of /** @type {const} */ ([["take", "data-take"], ["dismiss", "data-dismiss"], ["hear-other", "data-play-other"]])) {
      const id = target.closest(`[${attribute}]`)?.getAttribute(attribute);
      const one = id && this.record.suggestions.find((/** @type {any} */ other) => String(other.id) === id);
      if (one) this.tell(name, one);
      if (id) return true;
    }
    return false;
  }

  /** @param {Element} element */
  lineOf(element) {
    return this.byId.get(element.closest(".u")?.getAttribute("data-id") || "") || null;
  }

  /** @param {Event} event @param {boolean} composing */
  input(event, composing) {
    const say = event.target instanceof Element ? event.target.closest(".say") : null;
    const line = say && this.lineOf(say);
    if (line) this.tell("typed", { id: line.id, text: (say.textContent || "").replace(/[\r\n\u2028\u2029]+/g, ""), composing });
  }

  /** Marks are drawn again when typing is over. @param {FocusEvent} event */
  left(event) {
    const say = event.target instanceof Element ? event.target.closest(".say") : null;
    const line = say && this.lineOf(say);
    if (!say || !line) return;
    say.removeAttribute("contenteditable");
    setTimeout(() => this.fillText(/** @type {HTMLElement} */ (say.closest(".u")), this.byId.get(line.id) || line), 0);
  }

  /** The word where the caret is, to be heard from there; null: no line is chosen. */
  wordAtCaret() {
    this.rememberCaret();
    const line = this.byId.get(this.current);
    if (!line) return null;
    const places = this.placesIn(line, this.row(line.id)?.querySelector(".say")?.textContent || "");
    return { id: line.id, at: (places.find((place) => this.caret < place.to) || places[places.length - 1])?.start ?? null };
  }

  /** Shows what was written into a line and waits to be sent. @param {string} id */
  showWaiting(id) {
    const row = this.row(id);
    if (row) this.fillText(row, this.byId.get(id));
  }

  rememberCaret() {
    const say = this.row(this.current)?.querySelector(".say");
    if (say && document.activeElement === say) this.caret = caretIn(/** @type {HTMLElement} */ (say)) ?? this.caret;
  }

  /**
   * Whatever changes the page comes first: each question for a place on the screen after a change lays the page out anew.
   * @param {string} id @param {{scroll?: boolean, focus?: boolean, place?: PlaceOfText}} [options] place: see `edit`
   */
  select(id, { scroll = true, focus = false, place } = {}) {
    const row = this.list.ensure(id);
    if (!row) return;
    this.current = this.list.pinned = id;
    this.mark();
    this.tell("select", id);
    if (focus) this.edit(id, place);
    if (scroll) row.scrollIntoView({ block: "nearest" });
  }

  /** Puts the caret at the end of a line, or chooses a place in it, so that what is typed stands in its stead; what only the
   * second pass heard has a button to be added with. @param {string} id @param {PlaceOfText} [place] */
  edit(id, place) {
    const say = /** @type {HTMLElement | null} */ (this.row(id)?.querySelector(".say") || null);
    const line = this.byId.get(id);
    if (this.added.has(id)) return void /** @type {HTMLElement | null | undefined} */ (this.row(id)?.querySelector("[data-take], .src"))?.focus({ preventScroll: true });
    if (!say || !this.editable || line?.deleted) return;
    const text = say.textContent || "";
    const [from, to] = (place && placedIn(line, text, place)) || [text.length, text.length];
    makeEditable(say);
    say.focus({ preventScroll: true });
    choose(say, from, to);
    this.caret = to;
  }

  /** The neighbour of the current line that is not deleted. @param {number} direction */
  neighbour(direction) {
    const body = this.record?.body || [];
    let place = body.findIndex((/** @type {any} */ line) => line.id === this.current);
    if (this.added.has(this.current)) place = this.placeOfAdded(body, this.current) + (direction > 0 ? -1 : 0);
    else if (place < 0) place = direction > 0 ? -1 : body.length;
    for (let i = place + direction; i >= 0 && i < body.length; i += direction) if (!body[i].deleted) return body[i];
    return null;
  }

  /** Before which line the row stands that only the second pass heard. @param {any[]} body @param {string} key */
  placeOfAdded(body, key) {
    const at = body.findIndex((line) => line.end > line.start && line.start >= this.added.get(key).start);
    return at < 0 ? body.length : at;
  }

  /** @param {string} id */
  row(id) {
    return this.list.rows.get(id) || null;
  }

  mark() {
    this.host.querySelectorAll(".u.cur, .u.now").forEach((row) => row.classList.remove("cur", "now"));
    const row = this.row(this.current);
    row?.classList.add("cur");
    if (this.added.has(this.current)) this.tools?.remove();
    else if (row && this.tools && !row.contains(this.tools)) row.querySelector(".t")?.append(this.tools);
    this.row(this.playing)?.classList.add("now");
  }

  // --- while playing -------------------------------------------------------------------------------------------

  /** Marks the line and the word that is heard at t; null: nothing. @param {number | null} t @param {boolean} follow scroll there */
  speak(t, follow = false) {
    const line = t === null ? null : lineAt(this.spoken, t);
    if ((line?.id || "") !== this.playing) this.speakLine(line, follow);
    this.speakWord(line, t ?? 0);
  }

  /** @param {any} line @param {boolean} follow */
  speakLine(line, follow) {
    this.row(this.playing)?.classList.remove("now");
    this.playing = line?.id || "";
    const followed = follow && Boolean(this.playing) && !this.host.contains(document.activeElement);
    const row = followed ? this.list.ensure(this.playing) : this.row(this.playing);
    row?.classList.add("now");
    if (followed) row?.scrollIntoView({ block: "nearest" });
  }

  /** @param {any} line @param {number} t */
  speakWord(line, t) {
    const highlights = CSS.highlights;
    if (!highlights) return;
    const say = line && this.row(line.id)?.querySelector(".say");
    const word = line && this.placesIn(line, say?.textContent || "").find((place) => place.start <= t && t < place.end);
    if (word === this.spokenWord && (!say || this.spokenIn === say.firstChild)) return;
    this.spokenWord = word;
    this.spokenIn = say?.firstChild;
    if (word) highlights.set(SPOKEN, new Highlight(rangeOf(/** @type {HTMLElement} */ (say), word.from, word.to)));
    else highlights.delete(SPOKEN);
  }

  /** Places of the words in the text that stands on the page; kept while both are the same. @param {any} line @param {string} text */
  placesIn(line, text) {
    if (this.placed?.line !== line || this.placed.text !== text) this.placed = { line, text, places: placeWords(text, wordsIn(line)) };
    return this.placed.places;
  }

  /** @param {string} type @param {any} detail */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** As the office keeps it: a space at the end, before the next word is typed, is not taken from under the caret. @param {string} text */
function tidied(text) {
  return text.trim().replace(/\s+/g, " ");
}

/** What makes a row look different. @param {any} line */
function signature(line) {
  return JSON.stringify([line.version, line.text, line.participant_id, line.deleted, line.heard, line.disputed, line.marked, line.start, line.doubt, line.edited_by]);
}

/** @param {any} line */
function statusNotes(line) {
  const notes = [];
  if (line.deleted) notes.push(el("span", {}, `已删：${line.delete_reason}`));
  if (line.edited_by && line.recognised && line.text !== line.recognised) notes.push(el("span", {}, `${line.edited_by}改过，机器原来听成“${line.recognised}”${wordsIn(line).some((word) => word.typed) ? "。手打的字没有录音对得上，时间按前后的字估" : ""}`));
  else if (line.recognised && line.text !== line.recognised) notes.push(el("span", {}, `数写成了数字，原话是“${line.recognised}”`));
  else if (!line.recognised) notes.push(el("span", {}, `${line.edited_by || "登记员"}手写补上的，不是机器听出来的`));
  if (line.unboosted && line.unboosted !== line.text && line.unboosted !== line.recognised) notes.push(el("span", {}, `不用词表时听到：“${line.unboosted}”`));
  if (line.copied) notes.push(el("span", {}, icon("disk"), "来自接谈机备份"));
  if (line.marked) notes.push(el("span.warn", {}, icon("flag"), `记号：${line.marked}`));
  const doubts = line.heard || line.deleted ? [] : wholeDoubts(line);
  if (doubts.length) notes.push(el("span.warn", {}, icon("ear"), `存疑：${doubts.join("；")}`));
  if (line.heard && !line.deleted) notes.push(el("span.ok", {}, icon("check"), "听过，没错"));
  return notes;
}

/** @param {any} gap */
function gapRow(gap) {
  return el("div.gap", { role: "note", title: `${mediaTime(gap.start)} 到 ${mediaTime(gap.end)}` }, icon("netoff"), el("span", {}, gap.text));
}

/** @param {HTMLElement} say */
function makeEditable(say) {
  if (say.hasAttribute("contenteditable")) return;
  try {
    say.contentEditable = "plaintext-only";
  } catch {
    say.contentEditable = "true";
  }
  say.setAttribute("role", "textbox");
  say.setAttribute("aria-label", "这一句的文字");
  say.spellcheck = false;
}

/** A line is one paragraph: Enter commits pinyin and does nothing else. @param {InputEvent} event */
function refuseLineBreaks(event) {
  if (event.inputType === "insertParagraph" || event.inputType === "insertLineBreak") event.preventDefault();
}

/** Offset of the caret in the text of an element; null when it is elsewhere. @param {HTMLElement} element */
function caretIn(element) {
  const selection = document.getSelection();
  if (!selection?.focusNode || !element.contains(selection.focusNode)) return null;
  const range = document.createRange();
  range.setStart(element, 0);
  range.setEnd(selection.focusNode, selection.focusOffset);
  return range.toString().length;
}

/** @param {HTMLElement} element @param {number} from @param {number} [to] */
function choose(element, from, to = from) {
  const range = rangeOf(element, from, to);
  if (to === from) range.collapse(true);
  document.getSelection()?.setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
}

/** Where a place of a line is in the text that stands on the page; null where it is not, or is all of it. @param {any} line @param {string} text @param {PlaceOfText} place */
function placedIn(line, text, { from, to, core = [from, to] }) {
  const words = line.text.slice(core[0], core[1]);
  const at = text === line.text ? core[0] : text.indexOf(words, Math.max(0, core[0] - MOVED));
  return at < 0 || !words || words.length === text.length ? null : [at, at + words.length];
}

/** The range of characters in an element, over its inner marks. @param {HTMLElement} element @param {number} from @param {number} to */
function rangeOf(element, from, to) {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  range.setStart(element, 0);
  range.setEnd(element, element.childNodes.length);
  let at = 0;
  let opened = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.textContent?.length || 0;
    if (!opened && from <= at + length) { range.setStart(node, from - at); opened = true; }
    if (to <= at + length) { range.setEnd(node, to - at); break; }
    at += length;
  }
  return range;
}
