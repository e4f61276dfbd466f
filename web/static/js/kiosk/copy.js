// The kiosk's own copy of a talk: every second of its microphone and camera goes to the copy program on this
// computer, whatever the line does (server/protocol/copies.md); the office is not asked for it, and hears of it from the
// program when it can.  Where no such program runs, nothing happens.
import { ApiError } from "/static/js/api.js";
import { door, doubt } from "./door.js";

const SLICE_MS = 1000;
const SOUND_BITS = 48_000;
const PICTURE_BITS = 1_000_000;
const ASK_AGAIN_MS = 3000;
/** Where no copies are kept, one may be set up while somebody talks. */
const NO_PROGRAM_MS = 60_000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
/** Kept for a program that is being started again; more than that is not held in memory. */
const MOST_WAITING_BYTES = 64 << 20;
const NUMBER_BYTES = 4;
/** Pieces that may be under way to the disk. */
const SETTLED = 3;
const TYPES = { true: "video/webm;codecs=vp8,opus", false: "audio/webm;codecs=opus" };

/**
 * @typedef {{reception: string, participant: string, now: () => number, mediaTime: () => number}} Talk `now`: milliseconds
 * since 1970 by the recording's clock; `mediaTime`: NaN while it is not known when the recording began
 */

/** The copy of one talk: one take after another, each one run of a recorder. */
export class TalkCopy {
  /** @param {Talk} talk */
  constructor(talk) {
    this.talk = talk;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {Take | null} */
    this.take = null;
    this.timer = 0;
  }

  /** Whether all but the last moments of the talk is on this computer's disk. */
  get written() {
    const take = this.take;
    return Boolean(take && !take.over && take.count > SETTLED && take.waiting.length <= SETTLED);
  }

  /** What is to be kept from now on; null: nothing.  @param {MediaStream | null | undefined} stream */
  keep(stream) {
    if ((stream || null) === this.stream) return;
    this.stream = stream || null;
    this.take?.finish();
    this.take = null;
    this.begin();
  }

  begin() {
    clearTimeout(this.timer);
    if (!this.stream) return;
    if (!this.stream.active) return this.again(ASK_AGAIN_MS); // a microphone that was pulled out
    const take = this.take = new Take(this.stream, this.talk, (pause) => {
      if (this.take === take) this.again(pause);
    });
    take.begin();
  }

  /** This take is over, the talk is not. @param {number} pause */
  again(pause) {
    this.take = null;
    this.timer = window.setTimeout(() => this.begin(), pause);
  }
}

/** One run of a recorder. */
class Take {
  /** @param {MediaStream} stream @param {Talk} talk
   * @param {(pause: number) => void} failed told after how long another take may be tried */
  constructor(stream, talk, failed) {
    this.id = crypto.randomUUID();
    this.stream = stream;
    this.talk = talk;
    this.failed = failed;
    /** @type {{number: number, data: Blob}[]} recorded and not confirmed yet */
    this.waiting = [];
    this.bytes = 0;
    this.count = 0;
    this.sent = -1;
    this.flushing = false;
    this.endTold = false;
    this.timer = 0;
    this.pause = FIRST_PAUSE_MS;
    this.over = false;
    this.ended = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
    /** @type {{begun_at: string, position: number|null, mime: string} | null} */
    this.about = null;
  }

  async begin() {
    try {
      this.place = await door();
    } catch (error) {
      this.drop(error instanceof ApiError && error.code === "no_agent" ? NO_PROGRAM_MS : ASK_AGAIN_MS);
      return;
    }
    if (!this.ended) this.connect();
  }

  /** The page is done with this stream; what was recorded still goes to the program. */
  finish() {
    if (this.ended) return;
    this.ended = true;
    if (this.recorder?.state === "recording") this.recorder.stop();
    else if (!this.recorder) this.drop();
  }

  /** Nothing more is done for this take. @param {number} [pause] */
  drop(pause = ASK_AGAIN_MS) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    if (this.recorder?.state === "recording") this.recorder.stop();
    this.waiting = [];
    this.socket?.close();
    this.failed(pause);
  }

  // --- the recorder --------------------------------------------------------------------------------------------

  record() {
    const filmed = this.stream.getVideoTracks().length > 0;
    const wanted = TYPES[/** @type {"true" | "false"} */ (String(filmed))];
    const mimeType = MediaRecorder.isTypeSupported(wanted) ? wanted : "";
    const recorder = this.recorder = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: SOUND_BITS, videoBitsPerSecond: PICTURE_BITS });
    recorder.onstart = () => this.started(recorder.mimeType);
    recorder.ondataavailable = ({ data }) => this.recorded(data);
    recorder.onstop = () => { this.ended = true; this.flush(); };
    recorder.start(SLICE_MS);
  }

  /** @param {string} mime */
  started(mime) {
    const at = this.talk.mediaTime();
    const position = Number.isNaN(at) ? null : Math.max(0, at);
    this.about = { begun_at: new Date(this.talk.now()).toISOString(), position, mime };
    this.open();
  }

  /** @param {Blob} data */
  recorded(data) {
    if (this.over || !data.size) return;
    this.waiting.push({ number: this.count, data });
    this.count += 1;
    this.bytes += data.size;
    if (this.bytes > MOST_WAITING_BYTES) this.drop();
    else this.flush();
  }

  // --- the program ---------------------------------------------------------------------------------------------

  connect() {
    if (this.over) return;
    const socket = this.socket = new WebSocket(this.place.url);
    this.sent = -1;
    socket.onopen = () => (this.recorder ? this.open() : this.record());
    socket.onmessage = ({ data }) => this.told(JSON.parse(data));
    socket.onclose = () => this.lost();
  }

  lost() {
    if (this.over) return;
    this.sent = -1;
    if (!this.recorder) { // nothing recorded yet: the program is not there
      doubt();
      return this.drop();
    }
    this.timer = window.setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  open() {
    const { reception, participant } = this.talk;
    this.tell({ type: "open", secret: this.place.secret, copy_id: this.id, reception_id: reception, participant_id: participant, ...this.about });
  }

  /** @param {Object} message */
  tell(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** @param {{type: string, code?: string, next: number}} message */
  told(message) {
    if (message.code === "secret_wrong") doubt();
    if (message.type !== "kept") return this.drop(NO_PROGRAM_MS); // e.g. its disk is full
    this.pause = FIRST_PAUSE_MS;
    while (this.waiting.length && this.waiting[0].number < message.next) this.bytes -= this.waiting.shift()?.data.size || 0;
    if (this.waiting.length && this.waiting[0].number > message.next) return this.drop(); // the program lost its disk
    if (this.sent < 0) this.sent = message.next;
    if (this.endTold && message.next >= this.count) return this.drop();
    return this.flush();
  }

  /** Sends what was not sent on this connection, in order; one at a time.  Where it is closing, the next one goes on. */
  async flush() {
    if (this.flushing || this.sent < 0) return;
    this.flushing = true;
    for (let chunk = this.next(); chunk && this.socket?.readyState === WebSocket.OPEN; chunk = this.next()) await this.send(chunk);
    this.flushing = false;
    if (this.ended && this.recorder?.state === "inactive" && this.sent >= this.count) {
      this.endTold = true;
      this.tell({ type: "end" });
    }
  }

  next() {
    return this.sent < 0 ? undefined : this.waiting.find((one) => one.number === this.sent);
  }

  /** @param {{number: number, data: Blob}} chunk */
  async send({ number, data }) {
    const { socket } = this;
    const message = new Uint8Array(NUMBER_BYTES + data.size);
    new DataView(message.buffer).setUint32(0, number);
    message.set(new Uint8Array(await data.arrayBuffer()), NUMBER_BYTES);
    if (socket !== this.socket || socket?.readyState !== WebSocket.OPEN || this.sent !== number) return;
    socket.send(message);
    this.sent = number + 1;
  }
}
