// The talk in one room: the seat of its microphone, and what its events change on the screen.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell, worded } from "/static/js/dom.js";
import { Captions } from "/static/js/leader/captions.js";
import { Promises } from "/static/js/leader/promises.js";
import { Seat } from "/static/js/seat.js";
import { clockAt, mediaTime } from "/static/js/time.js";
import { Level } from "./level.js";

const NOTICE_MS = 6000;
const NOTEWORTHY_S = 2;

/** Event "over" ({reason, message}). */
export class RoomTalk extends EventTarget {
  /** @param {any} talk OnSiteTalkView @param {MediaStream} media @param {any} first the seat that was asked for already @param {() => Promise<any>} ask for another ticket */
  constructor(talk, media, first, ask) {
    super();
    this.talk = talk;
    this.media = media;
    this.first = first;
    this.finished = false;
    this.line = "connecting";
    this.lost = false;
    this.marks = 0;
    this.calmAt = 0;
    this.controls = new AbortController();
    this.seat = new Seat({ ticket: async () => { const seat = this.first ?? await ask(); this.first = null; return seat.ticket; }, media });
    this.captions = new Captions(byId("captions"), byId("latest"), () => ({ name: "", tone: "l" }));
    this.level = new Level(byId("meter"), byId("level-words"));
    this.promises = new Promises(talk.reception_id, this.controls.signal, "领导这边");
    this.clock = 0;
  }

  async start() {
    const { signal } = this.controls;
    const press = (/** @type {string} */ id, /** @type {() => void} */ act) => byId(id).addEventListener("click", act, { signal });
    press("pause", () => this.pause(byId("pause").getAttribute("aria-pressed") !== "true"));
    press("mark", () => this.mark());
    press("end", () => this.ask().showModal());
    press("end-no", () => this.ask().close());
    press("end-yes", () => { this.ask().close(); void this.end(); });
    byId("mark-form").addEventListener("submit", (event) => { event.preventDefault(); this.mark(); }, { signal });
    addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
    this.drawPause(false);
    this.level.show(this.media);
    this.listen();
    this.clock = window.setInterval(() => this.drawRecording(), 1000);
    this.seat.addEventListener("room", () => void this.promises.follow(), { once: true });
    await this.seat.start();
  }

  ask() {
    return /** @type {HTMLDialogElement} */ (byId("ask-end"));
  }

  listen() {
    const handlers = {
      room: (/** @type {any} */ room) => this.room(room),
      caption: (/** @type {any} */ caption) => { byId("captions-empty").hidden = true; this.captions.add(caption); },
      recognition: (/** @type {any} */ told) => this.recognition(told),
      marked: (/** @type {any} */ mark) => this.marked(mark),
      device: (/** @type {any} */ change) => this.device(change),
      connection: (/** @type {any} */ told) => this.connection(told),
      trouble: (/** @type {any} */ { message, fatal }) => (fatal && !this.seat.room ? this.over("refused", message) : this.notice(message)),
      ended: (/** @type {any} */ { reason }) => this.over(reason, ""),
    };
    for (const [name, handle] of Object.entries(handlers)) {
      this.seat.addEventListener(name, (event) => { if (!this.finished) handle(/** @type {CustomEvent} */ (event).detail); });
    }
  }

  /** @param {any} room */
  room(room) {
    this.captions.startedAt = room.started_at;
    tell(byId("recording-banner"), room.recording_trouble);
    this.drawRecording();
    if (room.state === "ended") this.over("hung_up", "");
  }

  /** The one microphone of the room. @param {{lost: boolean, message: string}} change */
  device({ lost, message }) {
    tell(byId("own-device"), lost ? "话筒断开了，现在说的没有录。请插好，接上以后会自己接着录。" : "");
    this.lost = lost;
    this.drawRecording();
    if (lost) return this.level.stop();
    this.level.show(this.media);
    return this.notice(message);
  }

  drawRecording() {
    const { room } = this.seat;
    const place = byId("recording");
    const running = room?.state === "running";
    const away = this.line === "reconnecting" || this.line === "failed";
    const words = !running ? "还没开始录" : away || this.lost ? "这一会儿没有录上" : room.recording ? `录音 ${room.started_at ? mediaTime((this.seat.clock.now() - Date.parse(room.started_at)) / 1000) : ""}` : "没有在录";
    place.hidden = false;
    place.className = `row nb ${running ? "bad" : "soft"}`;
    if (place.dataset.words === words) return;
    place.dataset.words = words;
    place.replaceChildren(icon(running && (away || this.lost || !room.recording) ? "alert" : "rec"), el("b.num", {}, words));
  }

  /** @param {{state: string, message: string, seconds?: number}} told */
  connection({ state, message, seconds = 0 }) {
    this.line = state;
    this.drawRecording();
    if (performance.now() < this.calmAt) return;
    const back = seconds < NOTEWORTHY_S ? "" : `接上了。刚才断了 ${seconds} 秒，这几秒没有录上，要紧的话请再说一遍。`;
    tell(byId("line-banner"), state === "connecting" ? "" : state === "connected" ? back : state === "captionless" ? "录音照常，字幕暂时停了，正在接回来。" : seconds ? `${message}已经断了 ${seconds} 秒，这一会儿说的话录不上。` : message);
  }

  /** @param {string} words */
  notice(words) {
    this.calmAt = performance.now() + NOTICE_MS;
    tell(byId("line-banner"), words);
    setTimeout(() => { if (performance.now() >= this.calmAt) tell(byId("line-banner"), ""); }, NOTICE_MS + 50);
  }

  /** @param {{state: string, message: string, behind_s: number}} told */
  recognition({ state, message, behind_s: behind }) {
    const slow = `字幕慢了${behind >= 2 ? ` ${Math.round(behind)} 秒` : "几秒"}，录音照常。`;
    tell(byId("recognition"), { on: "", behind: message || slow, waiting: message || "字幕暂时出不来，录音照常，谈完再补上。" }[state] || "");
  }

  /** Nothing is recorded until it is pressed again. @param {boolean} paused */
  pause(paused) {
    this.seat.mute("audio", paused);
    this.drawPause(paused);
  }

  /** @param {boolean} paused */
  drawPause(paused) {
    byId("pause").setAttribute("aria-pressed", String(paused));
    byId("pause").replaceChildren(worded(paused ? "mic" : "micoff", paused ? "接着录" : "停一下"));
    tell(byId("pause-banner"), paused ? "话筒关着，现在说的没有录。笔录里会写几点到几点没有录。" : "");
  }

  mark() {
    const note = /** @type {HTMLInputElement} */ (byId("mark-note"));
    if (this.seat.mark(note.value.trim())) note.value = "";
    else this.notice("线路断着，这一下没有记上。接通以后请再点一次。");
  }

  /** @param {{at: number, note: string}} mark */
  marked({ at, note }) {
    byId("marks").prepend(el("li", {}, el("b.num", {}, clockAt(this.seat.room?.started_at ?? null, at)), el("span", {}, note || "没有写说明")));
    byId("mark").classList.add("just");
    setTimeout(() => byId("mark").classList.remove("just"), 600);
  }

  /** By the line if it is up, else by way of the office. */
  async end() {
    if (this.seat.hangUp()) return;
    try {
      await api("POST", `/api/on-site/${this.talk.reception_id}/end`);
      this.over("hung_up", "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.notice(`${error.message}　还没有结束，请再按一次“谈完了”。`);
    }
  }

  /** @param {string} reason @param {string} message */
  over(reason, message) {
    if (this.finished) return;
    this.finished = true;
    this.controls.abort();
    clearInterval(this.clock);
    this.level.stop();
    this.seat.close();
    this.ask().close();
    byId("recording").hidden = true;
    this.dispatchEvent(new CustomEvent("over", { detail: { reason, message } }));
  }
}
