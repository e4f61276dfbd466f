// The talk as an invited person sees it: pictures, sound, who is there.  No captions, no record, no case.
import { ApiError } from "/static/js/api.js";
import { byId, el, icon, tell, worded } from "/static/js/dom.js";
import { chooser } from "/static/js/room/arrangement.js";
import { ActiveSpeaker } from "/static/js/room/speaker.js";
import { strip } from "/static/js/room/strip.js";
import { Tiles } from "/static/js/room/tiles.js";
import { nameOf, roleWord, stateWord } from "/static/js/room/words.js";
import { Seat } from "/static/js/seat.js";

const NOTICE_MS = 6000;
const MUTE = {
  audio: { on: ["mic", "麦克风开"], off: ["micoff", "麦克风关"] },
  video: { on: ["video", "摄像头开"], off: ["videooff", "摄像头关"] },
};

/** Event "over" ({reason, message}). */
export class GuestTalk extends EventTarget {
  /** @param {any} invited @param {MediaStream | null} media @param {() => Promise<any>} ticket */
  constructor(invited, media, ticket) {
    super();
    this.invited = invited;
    this.media = media;
    this.finished = false;
    this.controls = new AbortController();
    this.seat = new Seat({ ticket: () => this.ticket(ticket), media });
    this.tiles = new Tiles(byId("tiles"), { blocked: () => { byId("sound-on").hidden = false; } });
    this.speaker = new ActiveSpeaker();
    this.calm = 0;
  }

  /** @param {() => Promise<any>} ask */
  async ticket(ask) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ApiError && [401, 403, 404, 409].includes(error.status)) this.over("refused", error.code === "reception_over" ? "" : error.message);
      throw error;
    }
  }

  async start() {
    const { signal } = this.controls;
    strip(byId("over"), signal);
    chooser(byId("arrange"), this.tiles, signal);
    for (const kind of /** @type {("audio"|"video")[]} */ (["audio", "video"])) this.prepareMute(kind, signal);
    /** @type {HTMLVideoElement} */ (byId("self")).srcObject = this.media;
    byId("self-box").hidden = !this.media?.getVideoTracks().length;
    byId("leave").addEventListener("click", () => { this.seat.leave(); this.over("left", ""); }, { signal });
    byId("sound-on").addEventListener("click", () => { byId("sound-on").hidden = true; this.tiles.playAll(); }, { signal });
    this.speaker.addEventListener("speaker", (event) => this.tiles.enlarge(/** @type {CustomEvent} */ (event).detail.id));
    this.listen();
    await this.seat.start();
  }

  listen() {
    const handlers = {
      room: (/** @type {any} */ room) => this.room(room),
      stream: (/** @type {any} */ { participantId, stream }) => { this.tiles.stream(participantId, stream); this.speaker.add(participantId, stream); },
      document: (/** @type {any} */ shown) => this.document(shown),
      departed: (/** @type {any} */ { message }) => this.notice(message),
      connection: (/** @type {any} */ { state, message }) => this.line(state, message),
      device: (/** @type {any} */ { lost, message, missing }) => { tell(byId("own-device"), missing); if (!lost) this.notice(message); },
      trouble: (/** @type {any} */ { message, fatal }) => (fatal ? this.over("refused", message) : this.notice(message)),
      ended: (/** @type {any} */ { reason }) => this.over(reason, ""),
    };
    for (const [name, handle] of Object.entries(handlers)) {
      this.seat.addEventListener(name, (event) => { if (!this.finished) handle(/** @type {CustomEvent} */ (event).detail); });
    }
  }

  /** @param {any} room */
  room(room) {
    if (room.state === "ended") return this.over("hung_up", "");
    const others = room.seats.filter((/** @type {any} */ seat) => seat.participant_id !== this.seat.participantId);
    const own = room.seats.find((/** @type {any} */ seat) => seat.participant_id === this.seat.participantId);
    const seen = others.filter((/** @type {any} */ seat) => seat.role !== "observer");
    this.tiles.draw(seen);
    this.speaker.keep(seen.map((/** @type {any} */ seat) => seat.participant_id));
    byId("nobody").hidden = seen.length > 0;
    byId("people").textContent = `在场：${room.seats.map((/** @type {any} */ seat) => this.person(seat)).join("；")}`;
    tell(byId("held-banner"), own?.held ? "主持的人请您等一等。这会儿您听不见里面，里面也听不见您。" : "");
    return this.recording(room);
  }

  /** @param {any} seat */
  person(seat) {
    const words = stateWord(seat);
    const mine = seat.participant_id === this.seat.participantId ? "（您）" : "";
    return `${roleWord(seat.role)} ${nameOf(seat)}${mine}${words ? `（${words}）` : ""}`;
  }

  /** @param {any} room */
  recording(room) {
    const place = byId("recording");
    place.hidden = false;
    place.className = `row nb ${room.recording ? "bad" : "soft"}`;
    const words = room.recording ? "正在录" : room.paused ? "群众在等候，这一段不录" : "还没开始录";
    place.replaceChildren(icon("rec"), el("b", {}, words));
  }

  /** @param {{participantId: string, source: string, stream: MediaStream | null}} shown */
  document({ participantId, source, stream }) {
    const who = this.seat.room?.seats.find((seat) => seat.participant_id === participantId);
    this.tiles.document(stream, `${who ? nameOf(who) : ""}给大家看的${source === "screen" ? "屏幕" : "材料"}`);
  }

  /** @param {"audio"|"video"} kind @param {AbortSignal} signal */
  prepareMute(kind, signal) {
    const button = /** @type {HTMLButtonElement} */ (byId(`mute-${kind}`));
    const has = Boolean(this.media?.getTracks().some((track) => track.kind === kind));
    button.hidden = !has;
    const draw = (/** @type {boolean} */ muted) => {
      button.setAttribute("aria-pressed", String(muted));
      button.replaceChildren(worded(MUTE[kind][muted ? "off" : "on"][0], MUTE[kind][muted ? "off" : "on"][1]));
    };
    draw(false);
    button.addEventListener("click", () => {
      const muted = button.getAttribute("aria-pressed") !== "true";
      this.seat.mute(kind, muted);
      draw(muted);
    }, { signal });
  }

  /** @param {string} state @param {string} message */
  line(state, message) {
    if (state === "connected") return tell(byId("line-banner"), "");
    return tell(byId("line-banner"), message);
  }

  /** @param {string} words */
  notice(words) {
    clearTimeout(this.calm);
    tell(byId("line-banner"), words);
    this.calm = window.setTimeout(() => tell(byId("line-banner"), ""), NOTICE_MS);
  }

  /** @param {string} reason @param {string} message */
  over(reason, message) {
    if (this.finished) return;
    this.finished = true;
    clearTimeout(this.calm);
    this.controls.abort();
    this.speaker.close();
    this.seat.close();
    this.tiles.draw([]);
    byId("recording").hidden = true;
    this.dispatchEvent(new CustomEvent("over", { detail: { reason, message } }));
  }
}
