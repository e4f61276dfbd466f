// A lecture while it is held, for its speaker, for who watches, and for the screen in a hall.
import { byId, el, icon, tell, worded } from "/static/js/dom.js";
import { DeviceError, openDevices, release } from "/static/js/room/devices.js";
import { Sharing } from "/static/js/room/share.js";
import { strip } from "/static/js/room/strip.js";
import { LectureSeat } from "./lecture_seat.js";
import { Stage } from "./stage.js";

/** @typedef {import("./lecture_seat.js").Lecture} Lecture */

const NOTICE_MS = 6000;
const MUTE = {
  audio: { on: ["mic", "麦克风开"], off: ["micoff", "麦克风关"] },
  video: { on: ["video", "摄像头开"], off: ["videooff", "摄像头关"] },
};

/** Event "over" ({reason, message}). */
export class LectureTalk extends EventTarget {
  /** @param {"speaker"|"viewer"|"screen"} part @param {MediaStream|null} media @param {() => Promise<any>} ticket */
  constructor(part, media, ticket) {
    super();
    this.part = part;
    this.media = media;
    this.finished = false;
    this.controls = new AbortController();
    this.seat = new LectureSeat({ ticket, media });
    this.stage = new Stage(() => { byId("sound-on").hidden = false; });
    this.calm = 0;
    /** @type {Map<string, MediaStream>} */
    this.streams = new Map();
    /** Whether this viewer's own microphone is open. */
    this.speaks = false;
    /** @type {Sharing | null} */
    this.sharing = null;
  }

  async start() {
    const { signal } = this.controls;
    document.documentElement.dataset.as = this.part;
    strip(byId("over"), signal);
    const press = (/** @type {string} */ id, /** @type {() => void} */ act) => byId(id).addEventListener("click", act, { signal });
    press("sound-on", () => { byId("sound-on").hidden = true; this.stage.sound(); });
    press("hand", () => this.hand());
    press("begin-speaking", () => void this.speak());
    press("done-speaking", () => this.seat.raiseHand(false));
    press("leave", () => { this.seat.leave(); this.over("left", ""); });
    press("end", () => /** @type {HTMLDialogElement} */ (byId("ask-end")).showModal());
    press("end-no", () => /** @type {HTMLDialogElement} */ (byId("ask-end")).close());
    press("end-yes", () => { /** @type {HTMLDialogElement} */ (byId("ask-end")).close(); if (!this.seat.hangUp()) this.notice("线路断着，接通以后再点一次“讲完了”。"); });
    for (const kind of /** @type {("audio"|"video")[]} */ (["audio", "video"])) press(`mute-${kind}`, () => this.mute(kind));
    if (this.part === "speaker") {
      this.sharing = new Sharing(this.seat, this.media, (words) => this.notice(words), signal);
      this.stage.show("speaker", this.media, { words: "您自己", own: true });
      this.own(this.media);
    }
    this.listen();
    await this.seat.start();
  }

  listen() {
    const handlers = {
      lecture: (/** @type {Lecture} */ lecture) => this.draw(lecture),
      stream: (/** @type {any} */ { participantId, stream }) => { this.streams.set(participantId, stream); this.pictures(); },
      document: (/** @type {any} */ { stream }) => this.stage.show("paper", stream, { words: "主讲人给大家看的" }),
      device: (/** @type {any} */ { missing }) => tell(byId("own-device"), missing),
      connection: (/** @type {any} */ { state, message }) => tell(byId("line-banner"), state === "connected" ? "" : message),
      trouble: (/** @type {any} */ { message, fatal, code }) => (fatal && code !== "internal" ? this.over("refused", message) : this.notice(message)),
      ended: (/** @type {any} */ { reason }) => this.over(reason, ""),
    };
    for (const [name, handle] of Object.entries(handlers)) {
      this.seat.addEventListener(name, (event) => { if (!this.finished) handle(/** @type {CustomEvent} */ (event).detail); });
    }
  }

  /** @param {Lecture} lecture */
  draw(lecture) {
    const mine = lecture.floor?.participant_id === this.seat.participantId;
    if (this.speaks && !mine) this.silent();
    this.pictures();
    this.waiting(lecture);
    this.recording(lecture);
    this.people(lecture);
    const raised = lecture.hands.some((one) => one.participant_id === this.seat.participantId);
    const hand = byId("hand");
    hand.hidden = this.part !== "viewer" || mine || lecture.state !== "running";
    hand.setAttribute("aria-pressed", String(raised));
    hand.replaceChildren(worded("hand", raised ? "放下手" : "举手"));
    byId("begin-speaking").hidden = !mine || this.speaks;
    byId("done-speaking").hidden = !mine;
    tell(byId("floor-banner"), mine && !this.speaks ? "主讲人请您发言。点“开始发言”，大家就看得见您、听得见您。" : "");
    tell(byId("trouble-banner"), this.part === "speaker" ? lecture.recording_trouble : "");
  }

  pictures() {
    const { lecture } = this.seat;
    if (!lecture) return;
    const stream = (/** @type {any} */ one) => (one ? this.streams.get(one.participant_id) || null : null);
    const { speaker, floor } = lecture;
    if (this.part !== "speaker") this.stage.show("speaker", lecture.speaking ? stream(speaker) : null, { words: `主讲　${speaker?.name || ""}` });
    if (this.speaks) return;
    this.stage.show("floor", stream(floor), { words: floor ? `发言　${floor.office} ${floor.name}` : "" });
  }

  /** @param {Lecture} lecture */
  waiting({ state, speaker, speaking }) {
    const words = state === "waiting" ? "讲座还没有开始。主讲人一来，这里就有画面和声音。" : speaker && speaking ? "" : "主讲人那边的线路断了，正在重新接通，请稍等。";
    const place = byId("stage-words");
    place.hidden = this.part === "speaker" || !words;
    place.textContent = words;
  }

  /** @param {Lecture} lecture */
  recording({ recording, state }) {
    const place = byId("recording");
    place.hidden = false;
    place.className = `row nb ${recording ? "bad" : "soft"}`;
    place.replaceChildren(icon("rec"), el("b", {}, recording ? "正在录" : state === "waiting" ? "还没开始录" : "没有在录"));
  }

  /** @param {Lecture} lecture */
  people({ viewers, offices, hands, floor }) {
    byId("count").textContent = `${offices.length} 个单位，${viewers} 个屏幕在看`;
    byId("offices").replaceChildren(...offices.map((one) => el("li.row.between", {}, el("span", {}, one.name), el("span.soft.num.nb", {}, one.seats > 1 ? `${one.seats} 个` : ""))));
    const speaker = this.part === "speaker";
    byId("hands-title").hidden = !hands.length && !floor;
    const waiting = hands.map((one) => this.person(one, speaker ? [this.button("请发言", "primary", () => this.seat.giveFloor(one.participant_id)), this.button("放下", "", () => this.seat.lowerHand(one.participant_id))] : []));
    const speaking = floor ? [this.person(floor, speaker ? [this.button("请停下", "danger", () => this.seat.giveFloor(null))] : [], "正在发言")] : [];
    byId("hands").replaceChildren(...speaking, ...waiting);
  }

  /** @param {any} one @param {HTMLElement[]} buttons @param {string} [state] */
  person(one, buttons, state = "举手") {
    const words = el("span.stack.g1", {}, el("b", {}, one.name || "没有写姓名"), el("span.small.soft", {}, `${one.office}　${state}`));
    return el("li.row.wrap.between", { "data-seat": one.participant_id }, words, buttons.length ? el("span.row.g2", {}, ...buttons) : null);
  }

  /** @param {string} words @param {string} tone @param {() => void} act */
  button(words, tone, act) {
    const made = el(`button.btn.small${tone ? `.${tone}` : ""}`, { type: "button" }, words);
    made.addEventListener("click", act);
    return made;
  }

  hand() {
    const raised = byId("hand").getAttribute("aria-pressed") !== "true";
    if (!this.seat.raiseHand(raised)) this.notice("线路断着，接通以后再举手。");
  }

  /** The floor is this viewer's: open the devices and send. */
  async speak() {
    const button = /** @type {HTMLButtonElement} */ (byId("begin-speaking"));
    button.disabled = true;
    try {
      const { stream, withoutCamera } = await openDevices();
      if (this.finished) return release(stream);
      this.speaks = true;
      this.media = stream;
      this.own(stream);
      this.seat.send(stream);
      this.stage.show("floor", stream, { words: "您自己", own: true });
      button.hidden = true;
      tell(byId("floor-banner"), "");
      this.notice(withoutCamera);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.notice(error.message);
    } finally {
      button.disabled = false;
    }
  }

  /** The floor is gone: nothing is sent any more. */
  silent() {
    this.speaks = false;
    this.seat.send(null);
    release(this.media);
    this.media = null;
    this.own(null);
    this.stage.show("floor", null);
    this.notice("发言结束了，您的麦克风和摄像头已经关上。");
  }

  /** @param {MediaStream|null} media */
  own(media) {
    for (const kind of /** @type {("audio"|"video")[]} */ (["audio", "video"])) {
      byId(`mute-${kind}`).hidden = !media?.getTracks().some((track) => track.kind === kind);
      this.drawMute(kind, false);
    }
  }

  /** @param {"audio"|"video"} kind @param {boolean} muted */
  drawMute(kind, muted) {
    const [drawing, words] = MUTE[kind][muted ? "off" : "on"];
    byId(`mute-${kind}`).setAttribute("aria-pressed", String(muted));
    byId(`mute-${kind}`).replaceChildren(worded(drawing, words));
  }

  /** @param {"audio"|"video"} kind */
  mute(kind) {
    const muted = byId(`mute-${kind}`).getAttribute("aria-pressed") !== "true";
    this.seat.mute(kind, muted);
    this.drawMute(kind, muted);
  }

  /** @param {string} words */
  notice(words) {
    clearTimeout(this.calm);
    tell(byId("notice-banner"), words);
    this.calm = window.setTimeout(() => tell(byId("notice-banner"), ""), NOTICE_MS);
  }

  /** @param {string} reason @param {string} message */
  over(reason, message) {
    if (this.finished) return;
    this.finished = true;
    clearTimeout(this.calm);
    this.controls.abort();
    this.seat.close();
    release(this.media);
    byId("recording").hidden = true;
    this.dispatchEvent(new CustomEvent("over", { detail: { reason, message } }));
  }
}
