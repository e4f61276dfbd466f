// 语音自助登记: what somebody alone told the kiosk, as this page holds it while they are here.  All of it goes at once to the
// kiosk's program, which seals it; here it stays in memory only, and goes with the person.
import { ApiError, send } from "/static/js/api.js";
import { ask } from "../door.js";
import { openMedia } from "../media.js";
import { PieceLine } from "./line.js";

const SLICE_MS = 1000;
const SOUND_BITS = 48_000;
const PICTURE_BITS = 600_000;
const TYPES = { true: "video/webm;codecs=vp8,opus", false: "audio/webm;codecs=opus" };
const CODE_SIGNS = "346789ACDEFGHJKMNPQRTUVWXY"; // server/store/querycodes.py
const CODE_LENGTH = 10;
/** The question that a card answers. */
const WHO = "who";
/** Longest answer that is understood at once: it is only a help. */
const UNDERSTOOD_MS = 28_000;
/** Warned of in time: about half an hour of sound. */
const LITTLE_ROOM = 60_000_000;

/** @typedef {{take: number, words: string, typed: boolean, seconds: number, sound: Uint8Array[], mime: string, state: "" | "asking" | "later"}} Answer */

/** Nobody guesses another's. */
function queryCode() {
  let code = "";
  while (code.length < CODE_LENGTH) {
    const [value] = crypto.getRandomValues(new Uint8Array(1));
    if (value < 256 - (256 % CODE_SIGNS.length)) code += CODE_SIGNS[value % CODE_SIGNS.length];
  }
  return code;
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Events: "change" for whatever a screen shows. */
export class AloneSitting extends EventTarget {
  /** @param {{url: string, secret: string}} door @param {{version: string, notice: string, questions: any[]}} form @param {string} consent */
  constructor(door, form, consent) {
    super();
    this.form = form;
    this.consent = consent;
    this.code = queryCode();
    this.begunAt = new Date();
    this.zero = performance.now();
    this.line = new PieceLine(door, { sitting_id: crypto.randomUUID(), begun_at: this.begunAt.toISOString() });
    for (const event of ["kept", "full", "away", "back"]) this.line.addEventListener(event, () => this.changed());
    this.line.addEventListener("full", () => this.diskFull());
    /** @type {Map<string, Answer[]>} */
    this.answers = new Map();
    /** @type {string[]} data URLs of photographs */
    this.photos = [];
    /** @type {{name: string, phone: string, card: import("../memory.js").Card | null}} */
    this.person = { name: "", phone: "", card: null };
    this.takes = 0;
    /** @type {{recorder: MediaRecorder, answer: Answer, question: string, at: number, tail: Promise<void>, done: Promise<void>, finish: () => void} | null} */
    this.run = null;
    /** @type {{camera: number | null, microphone: number | null, disk: number | null}} since when it is lost */
    this.lost = { camera: null, microphone: null, disk: null };
    this.over = false;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Seconds since it began. */
  now() {
    return Math.round(performance.now() - this.zero) / 1000;
  }

  /** What stands on the slip. */
  get number() {
    return this.line.number;
  }

  get recording() {
    return Boolean(this.run);
  }

  /** Whether pictures were agreed to. */
  get filmed() {
    return this.consent === "audio_video";
  }

  /** The disk is filling up, or the program is away: in words; empty: all is well. */
  get trouble() {
    if (this.line.full) return "这台机器存满了，后面说的存不下了。前面说的都存好了，可以接着打字，然后签字交给工作人员。";
    if (this.line.away) return "存东西的程序停了一下，正在等它回来。您说的话先记在这里，不会丢，请别离开。";
    if (this.lost.microphone !== null) return "话筒断开了，说话录不上。可以打字，或者叫工作人员。";
    if (this.lost.camera !== null) return "摄像头断开了，现在只录声音，不耽误您说。";
    if (this.line.room !== null && this.line.room < LITTLE_ROOM) return "这台机器快存满了，请先说要紧的。";
    return "";
  }

  /** @returns {Promise<{code: string, message: string} | null>} why it cannot begin */
  async begin() {
    const why = await this.line.open();
    if (why) return why;
    this.line.add({
      type: "begun", begun_at: this.begunAt.toISOString(), number: this.number, query_code: this.code, consent: this.consent,
      notice: this.form.notice, agreed_at: new Date().toISOString(), questions: this.form.version,
    });
    return null;
  }

  /** @param {{id: string, say: string}} question */
  asked(question) {
    this.line.add({ type: "asked", at: this.now(), question: question.id, words: question.say });
  }

  /** @param {string} question @returns {Answer[]} */
  of(question) {
    return this.answers.get(question) || [];
  }

  /** @param {{name?: string, phone?: string, card?: import("../memory.js").Card}} known */
  knows(known) {
    Object.assign(this.person, known);
    this.line.add({ type: "person", ...this.person });
    this.changed();
  }

  /** @param {string} question @param {string} words */
  typed(question, words) {
    this.line.add({ type: "typed", question, at: this.now(), words });
    this.keep(question, { take: -1, words, typed: true, seconds: 0, sound: [], mime: "", state: "" });
  }

  /** @param {string} question @param {Answer} answer */
  keep(question, answer) {
    this.answers.set(question, [...this.of(question), answer]);
    this.changed();
  }

  // --- speaking -------------------------------------------------------------------------------------------------------

  /** Opens microphone (and camera) and records. @param {string} question @returns {Promise<MediaStream | null>} null: no microphone */
  async speak(question) {
    if (this.run || this.line.full) return null;
    const stream = await this.listen();
    if (!stream) return null;
    const filmed = stream.getVideoTracks().some((track) => track.readyState === "live");
    const mimeType = TYPES[/** @type {"true" | "false"} */ (String(filmed))];
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: SOUND_BITS, videoBitsPerSecond: PICTURE_BITS });
    const answer = { take: this.takes, words: "", typed: false, seconds: 0, sound: [], mime: recorder.mimeType || mimeType, state: /** @type {""} */ ("") };
    let finish = () => {};
    const done = new Promise((/** @type {(value: void) => void} */ resolve) => { finish = resolve; });
    const run = this.run = { recorder, answer, question, at: this.now(), tail: Promise.resolve(), done, finish };
    this.takes += 1;
    recorder.ondataavailable = ({ data }) => { run.tail = run.tail.then(() => this.recorded(run, data)); };
    recorder.onstop = () => { run.tail.then(() => this.stopped(run)); };
    for (const track of stream.getTracks()) track.onended = () => this.unplugged(track.kind === "video" ? "camera" : "microphone");
    recorder.start(SLICE_MS);
    this.changed();
    return stream;
  }

  async listen() {
    try {
      const stream = await openMedia(this.filmed);
      if (this.filmed) this.seen("camera", stream.getVideoTracks().some((track) => track.readyState === "live"));
      this.seen("microphone", true);
      return stream;
    } catch {
      this.seen("microphone", false);
      return null;
    }
  }

  /** @param {any} run @param {Blob} data */
  async recorded(run, data) {
    if (!data.size) return;
    const bytes = new Uint8Array(await data.arrayBuffer()); // a Blob may be laid on the browser's disk
    run.answer.sound.push(bytes);
    this.line.add({ type: "sound", question: run.question, take: run.answer.take, at: run.at, mime: run.answer.mime }, bytes);
  }

  /** Said what there was to say. */
  stopSpeaking() {
    if (this.run?.recorder.state === "recording") this.run.recorder.stop();
  }

  /** @param {any} run */
  stopped(run) {
    const at = this.now();
    this.line.add({ type: "stopped", take: run.answer.take, at });
    run.answer.seconds = at - run.at;
    this.run = null;
    run.finish();
    if (run.answer.sound.length) this.keep(run.question, run.answer);
    this.understand(run.question, run.answer);
  }

  /** What was understood is shown, where somebody here or at the office can say it at once. @param {string} question @param {Answer} answer */
  async understand(question, answer) {
    if (!answer.sound.length) return;
    answer.state = "asking";
    const words = answer.seconds * 1000 > UNDERSTOOD_MS ? "" : await this.heard(answer);
    [answer.words, answer.state] = [words, words ? "" : "later"];
    if (words && !this.over) this.line.add({ type: "shown", question, at: this.now(), words });
    this.changed();
  }

  /** @param {Answer} answer @returns {Promise<string>} */
  async heard(answer) {
    const blob = new Blob(/** @type {any[]} */ (answer.sound), { type: answer.mime });
    try {
      const told = await ask({ type: "understand", sound: base64(new Uint8Array(await blob.arrayBuffer())) }, UNDERSTOOD_MS);
      if (told.type === "understood") return told.words;
      return (await send("POST", "/api/kiosk/hear?want=matter", blob)).text;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return "";
    }
  }

  /** @param {string} question */
  soundOf(question) {
    return this.of(question).filter((one) => one.sound.length).map((one) => new Blob(/** @type {any[]} */ (one.sound), { type: one.mime }));
  }

  // --- what is lost ---------------------------------------------------------------------------------------------------

  /** @param {"camera" | "microphone"} what */
  unplugged(what) {
    if (this.over) return;
    this.seen(what, false);
    if (what === "microphone") this.stopSpeaking();
  }

  /** @param {"camera" | "microphone"} what @param {boolean} there */
  seen(what, there) {
    const since = this.lost[what];
    if (!there && since === null) this.lost[what] = this.now();
    if (there && since !== null) this.tellLost(what);
    this.changed();
  }

  diskFull() {
    if (this.lost.disk !== null) return;
    this.lost.disk = this.run?.at ?? this.now();
    this.stopSpeaking();
  }

  /** @param {"camera" | "microphone" | "disk"} what */
  tellLost(what) {
    const start = this.lost[what];
    if (start === null) return;
    this.lost[what] = null;
    this.line.add({ type: "lost", what, start, end: this.now() });
  }

  // --- papers, signature, end -------------------------------------------------------------------------------------------

  /** @param {string} question @param {string} jpeg base64 @returns {boolean} whether there was room for it */
  photo(question, jpeg) {
    const bytes = Uint8Array.from(atob(jpeg), (sign) => sign.charCodeAt(0));
    if (!this.line.add({ type: "photo", question, at: this.now() }, bytes)) return false;
    this.photos.push(`data:image/jpeg;base64,${jpeg}`);
    this.changed();
    return true;
  }

  /** What of an answer a card said. @param {string} question */
  ofCard(question) {
    return question === WHO && this.person.card ? `${this.person.name}（身份证）` : "";
  }

  /** Whether there is anything to a question. @param {string} question */
  answered(question) {
    return Boolean(this.of(question).length || this.ofCard(question));
  }

  /** What was told to a question, in a line. @param {string} question @param {(answer: Answer) => string} unheard of an answer without words */
  told(question, unheard) {
    return [this.ofCard(question), ...this.of(question).map((answer) => answer.words || unheard(answer))].filter(Boolean).join("；");
  }

  /** What is signed, word for word. */
  summary() {
    const unheard = (/** @type {Answer} */ answer) => `说了 ${Math.max(1, Math.round(answer.seconds))} 秒（录音）`;
    const all = this.form.questions.map((one) => ({ title: one.title, words: this.told(one.id, unheard) }));
    const told = all.filter((one) => one.words).map((one) => `${one.title}：${one.words}`);
    const papers = this.photos.length ? [`拍了材料 ${this.photos.length} 张`] : [];
    const untold = all.filter((one) => !one.words).map((one) => one.title);
    return [...told, ...papers, ...(untold.length ? [`没有说的：${untold.join("、")}`] : [])].join("\n");
  }

  /** @param {{strokes: any[], aspect: number}} drawn */
  signed(drawn) {
    this.line.add({ type: "signed", at: this.now(), name: this.person.name, summary: this.summary(), strokes: drawn.strokes, aspect: drawn.aspect });
  }

  /** @param {"signed" | "unsigned" | "left"} how @returns {Promise<void>} when all of it is on the disk */
  async end(how) {
    if (this.over) return;
    this.over = true;
    this.stopSpeaking();
    await this.run?.done;
    for (const what of /** @type {("camera" | "microphone" | "disk")[]} */ (["camera", "microphone", "disk"])) this.tellLost(what);
    this.line.add({ type: "ended", at: this.now(), how });
    await this.line.end();
  }
}
