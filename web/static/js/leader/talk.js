// The talk itself: a seat in the room, and what its events change on the screen.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell, worded } from "/static/js/dom.js";
import { Absence } from "/static/js/absence.js";
import { background, earlier, facts } from "/static/js/leader/brief.js";
import { Captions } from "/static/js/leader/captions.js";
import { Meter } from "/static/js/room/meter.js";
import { Notes } from "/static/js/leader/notes.js";
import { People } from "/static/js/leader/people.js";
import { PapersBeside } from "/static/js/papers.js";
import { Promises } from "/static/js/leader/promises.js";
import { Tabs } from "/static/js/leader/tabs.js";
import { pictureWords } from "/static/js/line.js";
import { LineChips } from "/static/js/line_word.js";
import { chooser } from "/static/js/room/arrangement.js";
import { Sharing } from "/static/js/room/share.js";
import { ActiveSpeaker } from "/static/js/room/speaker.js";
import { strip } from "/static/js/room/strip.js";
import { Tiles } from "/static/js/room/tiles.js";
import { nameOf, observersWords } from "/static/js/room/words.js";
import { Seat } from "/static/js/seat.js";
import { clockAt, mediaTime } from "/static/js/time.js";

const LINE = { connecting: ["soft", "net", "正在接通"], connected: ["ok", "net", "已接通"], captionless: ["warn", "netoff", "字幕停了"], reconnecting: ["warn", "netoff", "正在重连"], failed: ["bad", "netoff", "没接通"] };
const NOTEWORTHY_S = 2;
const WELCOME_MS = 6000;
/** So long the pages that were shown take to reach the office. */
const PAPERS_COME_MS = 5000;
/** So long the own microphone waits for the room to say that the petitioner hears nothing. */
const HUSH_AT_MOST_MS = 3000;
const MUTE = {
  audio: { on: ["mic", "麦克风开"], off: ["micoff", "麦克风关"] },
  video: { on: ["video", "摄像头开"], off: ["videooff", "摄像头关"] },
};

/** @param {string} reception */
export function askForSeat(reception) {
  return api("POST", `/api/receptions/${reception}/join`);
}

/** Event "over" ({reason, message}) when there is nothing more to talk: hung_up, office, left, shutdown, replaced, refused. */
export class Talk extends EventTarget {
  /** @param {any} reception @param {MediaStream} media @param {Promise<any> | null} first a ticket that was asked for already */
  constructor(reception, media, first = null) {
    super();
    this.first = first;
    this.reception = reception;
    this.media = media;
    this.finished = false;
    this.mine = false;
    this.seat = new Seat({ ticket: () => this.ticket(), media });
    this.captions = new Captions(byId("captions"), byId("latest"), (who) => this.speaker(who));
    this.meter = new Meter(byId("remote-meter"));
    this.notes = new Notes(reception.id, /** @type {HTMLTextAreaElement} */ (byId("notes")), byId("notes-state"));
    this.tabs = new Tabs();
    this.lines = new LineChips(byId("lines"), (id) => this.whose(id));
    this.marks = 0;
    this.line = "connecting";
    this.noticed = 0;
    this.hangingUp = false;
    this.away = new Absence(
      (seconds) => `对方那边的线路断了 ${seconds} 秒，正在等对方回来。前面说的都录着。`,
      (seconds) => `对方回来了。刚才断了 ${seconds} 秒，要紧的话请再问一遍。`,
    );
    this.controls = new AbortController();
    this.tiles = new Tiles(byId("tiles"), { blocked: () => { byId("sound-on").hidden = false; } });
    this.voices = new ActiveSpeaker();
    this.people = new People(reception.id, this.seat, this.controls.signal);
    this.promises = new Promises(reception.id, this.controls.signal);
    this.papers = new PapersBeside(reception.id, byId("papers-beside"), byId("papers-open"), this.controls.signal);
    this.clock = 0;
    this.aside = false;
    this.hushing = 0;
    /** @type {HTMLElement | null} */
    this.background = null;
  }

  async start() {
    this.prepareScreen();
    this.listen();
    await this.seat.start();
  }

  /** What the office refuses is final; only a line that is away is worth another try. */
  async ticket() {
    try {
      const asked = this.first ?? askForSeat(this.reception.id);
      this.first = null;
      const ticket = await asked;
      this.seated();
      return ticket;
    } catch (error) {
      const refused = error instanceof ApiError && [401, 403, 404, 409].includes(error.status);
      if (refused) this.over(this.hangingUp ? "hung_up" : this.seat.room && error.status === 409 ? "office" : "refused", error.message, error.details.reception_id);
      throw error;
    }
  }

  /** Only whoever receives is told what was undertaken: before the seat there is nothing to ask. */
  seated() {
    if (this.mine) return;
    this.mine = true;
    void this.promises.follow();
  }

  prepareScreen() {
    const { reception, media } = this;
    /** @type {HTMLVideoElement} */ (byId("self")).srcObject = media;
    byId("self-none").hidden = media.getVideoTracks().length > 0;
    byId("remote-name").textContent = `${reception.petitioner}　${reception.kiosk}`;
    this.background = background(reception.id);
    byId("brief").replaceChildren(...facts(reception), this.background, earlier(reception));
    void this.notes.load(reception.notes || "");
    this.drawMute("audio", false);
    this.drawMute("video", media.getVideoTracks().length === 0);
    /** @type {HTMLButtonElement} */ (byId("mute-video")).disabled = media.getVideoTracks().length === 0;
    this.drawLine({ state: "connecting", message: "" });
    this.drawRoom(null);
    this.clock = window.setInterval(() => this.timePasses(), 1000);
  }

  listen() {
    const handlers = {
      room: (/** @type {any} */ room) => this.drawRoom(room),
      caption: (/** @type {any} */ caption) => this.caption(caption),
      recognition: (/** @type {any} */ recognition) => this.recognition(recognition),
      marked: (/** @type {any} */ mark) => this.marked(mark),
      stream: (/** @type {any} */ bound) => this.bind(bound),
      connection: (/** @type {any} */ connection) => this.drawLine(connection),
      lines: (/** @type {any} */ { seats }) => this.lines.show(seats),
      sound_only: (/** @type {any} */ { message }) => tell(byId("line-banner"), message),
      device: (/** @type {any} */ change) => this.device(change),
      trouble: (/** @type {any} */ trouble) => this.trouble(trouble),
      document: (/** @type {any} */ shown) => this.document(shown),
      departed: (/** @type {any} */ { message }) => this.notice(message),
      ended: (/** @type {any} */ { reason }) => this.over(reason, ""),
    };
    for (const [name, handle] of Object.entries(handlers)) {
      this.seat.addEventListener(name, (event) => handle(/** @type {CustomEvent} */ (event).detail));
    }
    strip(byId("over"), this.controls.signal);
    this.on(byId("mute-audio"), "click", () => this.toggle("audio"));
    this.on(byId("mute-video"), "click", () => this.toggle("video"));
    this.on(byId("mark"), "click", () => this.mark());
    this.on(byId("promise-add"), "click", () => this.tabs.choose(byId("tab-promises")));
    this.on(byId("side-talk"), "click", () => this.sideTalk());
    this.on(byId("mark-form"), "submit", (event) => { event.preventDefault(); this.mark(); });
    this.on(byId("sound-on"), "click", () => { this.play(); this.tiles.playAll(); });
    this.sharing = new Sharing(this.seat, this.media, (words) => this.notice(words), this.controls.signal);
    chooser(byId("arrange"), this.tiles, this.controls.signal);
    this.voices.addEventListener("speaker", (event) => this.tiles.enlarge(/** @type {CustomEvent} */ (event).detail.id));
    this.on(window, "beforeunload", (event) => event.preventDefault());
    this.listenHangUp(/** @type {HTMLDialogElement} */ (byId("ask-hang-up")));
  }

  /** @param {HTMLDialogElement} question */
  listenHangUp(question) {
    this.on(byId("hang-up"), "click", () => { question.showModal(); if (this.mine) void this.promises.refresh(); });
    this.on(byId("hang-up-no"), "click", () => question.close());
    this.on(byId("hang-up-yes"), "click", () => { question.close(); this.hangUp(); });
  }

  /** @param {EventTarget} target @param {string} name @param {(event: Event) => void} act */
  on(target, name, act) {
    target.addEventListener(name, act, { signal: this.controls.signal });
  }

  // --- who is there -----------------------------------------------------------------------------------------

  seats() {
    return this.seat.room ? this.seat.room.seats : [];
  }

  petitioner() {
    return this.seats().find((seat) => seat.role === "petitioner");
  }

  /** @param {string} participantId @returns {{name: string, tone: "a" | "l"}} */
  speaker(participantId) {
    if (participantId === this.seat.participantId) return { name: "您", tone: "l" };
    const known = [...this.seats().map((seat) => ({ id: seat.participant_id, ...seat })), ...this.reception.participants];
    const who = known.find((one) => one.id === participantId);
    return { name: who?.name || "在场的人", tone: !who || who.role === "petitioner" ? "a" : "l" };
  }

  /** Short, for a chip. @param {string} participantId */
  whose(participantId) {
    if (participantId === this.seat.participantId) return "您的线路";
    return participantId === this.petitioner()?.participant_id ? "对方线路" : this.speaker(participantId).name;
  }

  /** @param {any} room null before the first message */
  drawRoom(room) {
    this.captions.startedAt = room ? room.started_at : null;
    this.drawRecording(room);
    tell(byId("recording-banner"), room ? room.recording_trouble : "");
    const him = this.petitioner();
    this.drawAbsence(room);
    byId("remote-sound").textContent = him?.lost?.includes("audio") ? "对方的话筒断开了" : him?.audio_muted ? "对方关了麦克风" : "对方的声音";
    this.drawPicture(him);
    this.drawOthers(him);
    if (room && room.state === "ended") this.over("hung_up", "");
  }

  /** Everybody but the two who talk; observers in words. @param {any} him the petitioner's seat */
  drawOthers(him) {
    if (him) this.tiles.adopt(him.participant_id, byId("remote-tile"), /** @type {HTMLVideoElement} */ (byId("remote")));
    const others = this.seats().filter((seat) => seat.participant_id !== this.seat.participantId && seat.role !== "observer" && seat !== him);
    this.tiles.draw(others);
    this.voices.keep([him, ...others].map((seat) => seat?.participant_id || ""));
    tell(byId("observers"), observersWords(this.seats()));
    this.drawSideTalk(him);
    if (this.people.dialog.open) this.people.draw();
  }

  /** @param {{lost: boolean, message: string, missing: string}} change */
  device({ lost, message, missing }) {
    tell(byId("own-device"), missing);
    if (!lost) this.notice(message);
  }

  // --- among ourselves, without the petitioner ----------------------------------------------------------------

  /** The petitioner hears nothing from the moment that the room says so; until then nobody is heard from here. @param {any} him */
  drawSideTalk(him) {
    const aside = Boolean(him?.held);
    if (aside !== this.aside) {
      this.aside = aside;
      this.hush(false);
    }
    const button = /** @type {HTMLButtonElement} */ (byId("side-talk"));
    button.setAttribute("aria-pressed", String(aside));
    button.disabled = !him;
    button.replaceChildren(worded(aside ? "back" : "users", aside ? "请回来" : "单独商量"));
    tell(byId("held-banner"), aside ? "对方听不见、看不见，这段不录音、不出字；笔录只写商量的起止时间。" : "");
  }

  sideTalk() {
    const him = this.petitioner();
    if (!him) return;
    if (!him.held) this.hush(true);
    if (this.seat.hold(him.participant_id, !him.held)) return;
    this.hush(false);
    this.notice("线路断着，对方还在听。接通以后请再按一次。");
  }

  /** Nothing goes out from this microphone. @param {boolean} hushed */
  hush(hushed) {
    clearTimeout(this.hushing);
    if (hushed) this.hushing = window.setTimeout(() => this.hush(false), HUSH_AT_MOST_MS);
    const muted = byId("mute-audio").getAttribute("aria-pressed") === "true";
    for (const track of this.media.getAudioTracks()) track.enabled = !hushed && !muted;
  }

  /** @param {{participantId: string, source: string, stream: MediaStream | null}} shown */
  document({ participantId, source, stream }) {
    const who = this.seats().find((seat) => seat.participant_id === participantId);
    this.tiles.document(stream, `${who ? nameOf(who) : ""}给大家看的${source === "screen" ? "屏幕" : "材料"}`);
    document.documentElement.toggleAttribute("data-papered", Boolean(stream));
    if (!stream) setTimeout(() => this.lookAgain(), PAPERS_COME_MS);
  }

  /** What was shown may be among the papers by now. */
  lookAgain() {
    if (this.finished) return;
    const fresh = background(this.reception.id);
    this.background?.replaceWith(fresh);
    this.background = fresh;
  }

  timePasses() {
    this.drawRecording(this.seat.room);
    this.drawAbsence(this.seat.room);
  }

  /** Once the talk runs, who is not there has lost the line; nobody knows while the own line is away. @param {any} room */
  drawAbsence(room) {
    const running = room?.state === "running" && (this.line === "connected" || this.line === "captionless");
    tell(byId("petitioner-banner"), running ? this.away.words(Boolean(this.petitioner()?.connected)) : "");
  }

  /** @param {any} him the petitioner's seat, undefined while there is none */
  drawPicture(him) {
    const words = this.withoutPicture(him);
    byId("remote-none").hidden = !words;
    byId("remote-none").classList.toggle("still", Boolean(words) && words === pictureWords(him ?? {}));
    byId("remote-none-words").textContent = words;
  }

  /** @param {any} him */
  withoutPicture(him) {
    if (!him) return this.seat.room?.state === "running" ? "正在等对方回来" : "对方还没坐下，请等一等";
    if (this.reception.consent === "audio_only") return "对方选了只录音，不录像，所以没有画面。听得见就可以谈。";
    if (him.video_muted) return "对方那边关了摄像头，听得见就可以谈。";
    if (him.connected && pictureWords(him)) return pictureWords(him);
    return him.connected || this.hasPicture() ? "" : "正在等对方的画面";
  }

  hasPicture() {
    return /** @type {HTMLVideoElement} */ (byId("remote")).videoWidth > 0;
  }

  /** @param {any} room */
  drawRecording(room) {
    const place = byId("recording");
    const running = Boolean(room && room.state === "running");
    const away = this.line === "reconnecting" || this.line === "failed";
    const rests = running && !away && !room.recording && Boolean(this.petitioner()?.held);
    place.hidden = false;
    place.className = `row nb ${running && !rests ? "bad" : "soft"}`;
    const words = !running ? "还没开始录" : away ? "您这边没有录上" : room.recording ? `录音录像 ${this.elapsed(room)}` : rests ? "这一段不录" : "没有在录";
    if (place.dataset.words === words) return;
    place.dataset.words = words;
    place.replaceChildren(icon(running && !rests && (away || !room.recording) ? "alert" : "rec"), this.badge(words));
  }

  /** @param {string} words */
  badge(words) {
    if (this.reception.consent === "audio_only") words = words.replace("录音录像", "录音");
    return el("b.num", {}, words);
  }

  /** @param {any} room */
  elapsed(room) {
    return room.started_at ? mediaTime((this.seat.clock.now() - Date.parse(room.started_at)) / 1000) : "";
  }

  // --- picture and sound ------------------------------------------------------------------------------------

  /** @param {{participantId: string, stream: MediaStream}} bound */
  bind({ participantId, stream }) {
    const him = this.petitioner();
    this.voices.add(participantId, stream);
    if (!him || participantId !== him.participant_id) return this.tiles.stream(participantId, stream);
    /** @type {HTMLVideoElement} */ (byId("remote")).srcObject = stream;
    this.meter.show(stream);
    return void this.play();
  }

  /** A browser may want a touch before it lets sound out. */
  async play() {
    try {
      await /** @type {HTMLVideoElement} */ (byId("remote")).play();
      byId("sound-on").hidden = true;
    } catch (error) {
      byId("sound-on").hidden = !(error instanceof DOMException && error.name === "NotAllowedError");
    }
  }

  /** @param {"audio"|"video"} kind */
  toggle(kind) {
    const muted = byId(`mute-${kind}`).getAttribute("aria-pressed") !== "true";
    this.seat.mute(kind, muted);
    this.drawMute(kind, muted);
  }

  /** @param {"audio"|"video"} kind @param {boolean} muted */
  drawMute(kind, muted) {
    const button = byId(`mute-${kind}`);
    const [drawing, words] = MUTE[kind][muted ? "off" : "on"];
    button.setAttribute("aria-pressed", String(muted));
    button.replaceChildren(worded(drawing, words));
    if (kind === "video") byId("self-none").hidden = !muted;
  }

  /** @param {{state: keyof typeof LINE, message: string, seconds?: number}} connection */
  drawLine(connection) {
    const { state } = connection;
    this.line = state;
    this.drawRecording(this.seat.room);
    const [tone, drawing, words] = LINE[state];
    const place = byId("line");
    place.hidden = false;
    place.className = `row nb ${tone}`;
    place.replaceChildren(icon(drawing), el("span.wide", {}, words));
    if (performance.now() < this.noticed) return;
    clearTimeout(this.welcome);
    tell(byId("line-banner"), this.lineWords(connection));
    if (state === "connected") this.welcome = setTimeout(() => tell(byId("line-banner"), ""), WELCOME_MS);
  }

  /** Something that must be read before the line's state is told again. @param {string} words */
  notice(words) {
    this.noticed = performance.now() + WELCOME_MS;
    clearTimeout(this.welcome);
    tell(byId("line-banner"), words);
    this.welcome = setTimeout(() => tell(byId("line-banner"), ""), WELCOME_MS);
  }

  /** @param {{state: keyof typeof LINE, message: string, seconds?: number}} connection */
  lineWords({ state, message, seconds = 0 }) {
    if (state === "connecting") return "";
    if (state === "connected") return seconds < NOTEWORTHY_S ? "" : `接上了。刚才断了 ${seconds} 秒，您这几秒说的没有录上。`;
    return seconds ? `${message}已经断了 ${seconds} 秒，这一会儿您说的话录不上。` : message;
  }

  // --- what was said ----------------------------------------------------------------------------------------

  /** @param {any} caption */
  caption(caption) {
    byId("captions-empty").hidden = true;
    this.captions.add(caption);
  }

  /** @param {{state: string, message: string, behind_s: number}} recognition */
  recognition({ state, message, behind_s: behind }) {
    const slow = `字幕慢了${behind >= 2 ? ` ${Math.round(behind)} 秒` : "几秒"}，录音照常。`;
    const words = { on: "", behind: message || slow, waiting: message || "字幕暂时出不来，录音照常，谈完再补上。" }[state];
    tell(byId("recognition"), words || "");
  }

  mark() {
    const note = /** @type {HTMLInputElement} */ (byId("mark-note"));
    if (this.seat.mark(note.value.trim())) note.value = "";
    else this.notice("线路断着，这一下没有记上。接通以后请再点一次。");
  }

  /** @param {{participant_id: string, at: number, note: string}} mark */
  marked({ participant_id, at, note }) {
    this.marks += 1;
    byId("marks-count").textContent = ` ${this.marks}`;
    const started = this.seat.room ? this.seat.room.started_at : null;
    const theirs = this.seat.room?.seats.some((/** @type {any} */ one) => one.participant_id === participant_id && one.role === "petitioner");
    byId("marks").prepend(el("li", {}, el("b.num", {}, clockAt(started, at)), el("span", {}, note || (theirs ? "群众按了“这里要紧”" : "没有写说明"))));
    const button = byId("mark");
    button.classList.add("just");
    setTimeout(() => button.classList.remove("just"), 600);
  }

  // --- the end ----------------------------------------------------------------------------------------------

  /** By the line if it is up, else by way of the office: hanging up must work without a line, too. */
  async hangUp() {
    if (this.seat.hangUp()) return;
    this.hangingUp = true;
    try {
      await api("POST", `/api/receptions/${this.reception.id}/end`);
      this.over("hung_up", "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.hangingUp = false;
      this.notice(`${error.message}　还没有挂断，请再按一次“挂断”。`);
    }
  }

  /** @param {{code: string, message: string, fatal: boolean}} trouble */
  trouble({ message, fatal }) {
    if (fatal && !this.seat.room) this.over("refused", message);
    else this.notice(message);
  }

  /** @param {string} reason @param {string} message @param {string} [talking] the talk that one is in instead */
  over(reason, message, talking = "") {
    if (this.finished) return;
    this.finished = true;
    this.controls.abort();
    clearInterval(this.clock);
    clearTimeout(this.welcome);
    this.meter.stop();
    this.voices.close();
    this.seat.close();
    this.notes.save();
    /** @type {HTMLDialogElement} */ (byId("ask-hang-up")).close();
    for (const name of ["recording", "line"]) byId(name).hidden = true;
    this.dispatchEvent(new CustomEvent("over", { detail: { reason, message, talking } }));
  }
}
