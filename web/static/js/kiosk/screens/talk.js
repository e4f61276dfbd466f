// The talk: the leader large, captions, and what is being recorded.
import { ApiError, OFFLINE, api } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { mediaTime } from "/static/js/time.js";
import { Absence } from "/static/js/absence.js";
import { pictureWords } from "/static/js/line.js";
import { SteadyWords, plainWords } from "/static/js/line_word.js";
import { NodeClock } from "/static/js/node_clock.js";
import { nameOf, observersWords, roleWord, stateShort } from "/static/js/room/words.js";
import { Seat } from "/static/js/seat.js";
import { agent } from "../agent.js";
import { Captions } from "../captions.js";
import { Hearing } from "../hearing.js";
import { TalkCopy } from "../copy.js";
import { Meter, NO_CAMERA, NO_MICROPHONE, closeMedia, openMedia, paperCamera } from "../media.js";
import { applyHandset, followHandset, hearInHandset } from "../handset.js";
import { openPapers } from "../papers.js";
import { Screen } from "../screen.js";
import { keepStood } from "../stood.js";
import * as voice from "../voice.js";
import { onVolume, talkVolume } from "../volume.js";

const RECEIVERS = ["leader", "clerk"];
const COME_BACK_MS = 4000;
/** While the office is away, it is waited for before each question: a question that is on its way already comes through seconds
 * after the line does. */
const OFFICE_AWAY_S = 5;
/** A page that is opened again says that the line is dead after so long. */
const LATE_MS = 1500;
/** And that nothing is kept of what is said, where no copy has begun by then. */
const UNKEPT_MS = 8000;
const NOTEWORTHY_S = 2;
/** A key that is pressed again at once means the same. */
const SAME_MARK_MS = 3000;
const MARKED = "记下了。整理记录的时候，先听您这里说的。";
/** Reasons of an end that is this seat's, or that of the node's program: the reception goes on. */
const GOES_ON = ["shutdown", "network_lost", "token_expired"];
const HELD = "接谈人员正在商量，请稍等。这一段不录音。";

class Talk {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.reception = app.sitting.reception_id;
    this.me = app.sitting.participant_id;
    this.receiver = app.sitting.receiver;
    this.video = this.app.sitting.consent === "audio_video";
    /** What the page before this one knew: it stands as long as the room is silent. @type {import("../stood.js").Stood | null} */
    this.before = app.stood;
    this.openedAt = performance.now();
    this.screen = new Screen("talk");
    this.captions = new Captions(this.screen.part("captions"), this.me, (id) => this.nameOf(id));
    this.meter = new Meter(this.screen.part("meter"), this.screen.part("level"));
    this.hearing = new Hearing(app, this.meter);
    /** @type {Map<string, MediaStream>} */
    this.streams = new Map();
    /** Outlives the seats: it is known, too, while the line is away. */
    this.clock = new NodeClock(this.before?.ahead_ms);
    this.copy = new TalkCopy({ reception: this.reception, participant: this.me, now: () => this.clock.now(), mediaTime: () => this.seconds() });
    this.endVolume = onVolume(() => { for (const video of this.videos()) video.volume = talkVolume(); });
    this.leaderAway = new Absence(
      (seconds) => `领导那边的线路断了 ${seconds} 秒，正在等领导回来。请坐一会儿。`,
      (seconds) => `领导回来了，刚才断了 ${seconds} 秒。`,
    );
    this.steady = new SteadyWords({ worse: 2, better: 5 });
    this.lineWords = "";
    /** @type {ReturnType<typeof openPapers> | null} */
    this.papers = null;
    this.announced = false;
    /** Whether the own line is. */
    this.away = false;
    this.soundOnly = "";
    this.recognition = "";
    this.noSound = this.noPicture = false;
    this.recording = false;
    this.markedAt = -Infinity;
    this.copying = new MediaStream();
    this.closed = false;
    /** Who was seen keeps the place while their line is away, the leader the large one. @type {Set<string>} */
    this.met = new Set();
    this.screen.on({ end: () => this.end(), mark: () => this.mark(), show: () => this.showPaper(), unblock: () => this.unblock() });
    if (!this.before) this.say(app.sitting.receiver ? `${app.sitting.receiver}正在进来` : "领导正在进来");
    this.onDevices = () => this.devicesChanged();
    navigator.mediaDevices?.addEventListener("devicechange", this.onDevices);
  }

  /** @param {string} id */
  nameOf(id) {
    return this.room?.seats.find((/** @type {any} */ seat) => seat.participant_id === id)?.name || "领导";
  }

  /** @param {string} words */
  say(words) {
    this.screen.part("stage-words").textContent = words;
  }

  async begin() {
    this.timer = setInterval(() => this.timePasses(), 500);
    this.endHandset = hearInHandset(() => this.videos());
    followHandset(this.app);
    await this.takeSeat();
  }

  async takeSeat() {
    /** @type {Promise<any>|null} asked for while the camera opens; a seat that comes back asks again */
    let first = this.ticket();
    first.catch(() => undefined);
    const media = await openMedia(this.video).catch(() => null);
    if (this.closed) return;
    this.media = media;
    this.screen.say("connection", media ? "" : NO_MICROPHONE);
    if (media) this.showSelf(media);
    this.offerPaper();
    this.keepCopy();
    const seat = this.seat = new Seat({ ticket: () => { const given = first ?? this.ticket(); first = null; return given; }, media, clock: this.clock, reach: agent.served ? (address) => agent.reach(address) : undefined });
    const hear = (/** @type {string} */ type, /** @type {(detail: any) => void} */ act) => seat.addEventListener(type, (event) => {
      if (seat === this.seat && !this.closed) act(/** @type {CustomEvent} */ (event).detail);
    });
    hear("room", (room) => this.showRoom(room));
    hear("caption", (caption) => this.captions.take(caption));
    hear("recognition", (state) => this.showRecognition(state.state === "on" ? "" : state.message));
    hear("stream", ({ participantId, stream }) => this.showStream(participantId, stream));
    hear("connection", (state) => this.showConnection(state));
    hear("lines", ({ seats }) => this.showLines(seats));
    hear("device", (change) => this.deviceChanged(change));
    hear("sound_only", ({ message }) => this.showSoundOnly(message));
    hear("trouble", (trouble) => this.troubled(trouble));
    hear("document", (shown) => this.showDocument(shown));
    hear("marked", (mark) => this.marked(mark));
    hear("departed", ({ message }) => this.app.toast(message));
    hear("share_ended", () => this.papers?.unseen());
    hear("ended", ({ reason }) => this.ended(reason));
    await seat.start();
  }

  /** @returns {Promise<any>} */
  async ticket() {
    if (agent.served && agent.alone && !(await agent.reach("", OFFICE_AWAY_S))) throw new ApiError(0, OFFLINE);
    return api("POST", `/api/receptions/${this.reception}/join`);
  }

  /** @param {MediaStream} media */
  showSelf(media) {
    this.meter.start(media);
    this.hearing.start(media);
    const filmed = media.getVideoTracks().length > 0;
    this.screen.part("self-box").hidden = !filmed;
    if (filmed) this.screen.part("self").srcObject = media;
  }

  /** A microphone that was not there at first is used; one that comes off in the talk is the seat's matter. */
  devicesChanged() {
    if (!this.media) this.sitAgain();
    else this.offerPaper();
  }

  /** @param {{kind: "audio"|"video", lost: boolean, seconds: number}} change */
  deviceChanged({ kind, lost, seconds }) {
    if (kind === "audio") this.noSound = lost;
    else this.noPicture = lost;
    this.screen.say("connection", this.ownWords());
    this.sayLine();
    if (!lost && this.media) this.showSelf(this.media);
    if (this.noPicture) this.screen.part("self-box").hidden = true;
    if (this.noSound) this.meter.rest();
    if (lost || !this.media) return;
    this.keepCopy();
    if (kind === "audio") this.app.toast(`话筒接上了。刚才断了 ${seconds} 秒，这几秒没有录上，请再说一遍。`);
  }

  /** A fresh seat on the same chair: the recording goes on in the next file. */
  async sitAgain() {
    if (this.closed) return;
    this.seat?.close();
    await this.takeSeat();
  }

  /** @param {any} room */
  showRoom(room) {
    this.room = room;
    this.showRecording();
    this.showRecognition(this.recognition);
    this.sayLine();
    this.screen.say("recording-trouble", room.recording_trouble || "");
    if (room.state === "running" && room.recording) this.announce();
    this.keepCopy();
    this.showPeople();
    this.showTime();
  }

  /** Nothing is called recorded that cannot be known to be: not while the own line is away. */
  showRecording() {
    this.recording = Boolean(this.running && this.room?.recording && !this.away);
    this.screen.part("rec").hidden = !this.recording;
    this.screen.part("not-rec").hidden = this.recording;
    this.screen.part("not-rec").textContent = this.notRecording();
    this.screen.fill({ rec: this.video ? "正在录音录像" : "正在录音" });
  }

  /** Whether the talk is on, as far as this page or the one before it knows. */
  get running() {
    return this.room ? this.room.state === "running" : Boolean(this.before?.started_at);
  }

  /** Whether what is said now is on this computer, and will be in the record. */
  get kept() {
    return this.running && this.copy.written;
  }

  notRecording() {
    if (this.held()) return "这一段不录音";
    if (this.away && this.copy.written) return "这台机器在记";
    if (this.away && this.running) return "这会儿没有录上";
    return this.room?.recording_trouble ? "录音有问题" : "还没有录音";
  }

  /** Said once, when recording starts, before anybody has said much; not again after a reload. */
  announce() {
    if (this.announced) return;
    this.announced = true;
    const age = this.clock.now() - Date.parse(this.room.started_at || "");
    if (!(age > 8000)) voice.speak(this.video ? "recording" : "recording-audio");
  }

  timePasses() {
    this.showTime();
    if (this.room) this.say(this.stageWords(this.others().find((seat) => seat.participant_id === this.leader)));
    else if (this.before && performance.now() - this.openedAt > LATE_MS) this.showDeadLine();
    this.keepStood();
  }

  /** A page that was opened again has heard nothing of the talk yet. */
  showDeadLine() {
    this.say("接上线路，就能看见领导。");
    this.showConnection({ state: "reconnecting", message: "", seconds: 0 });
  }

  /** For a page that is opened again. */
  keepStood() {
    if (this.closed) return;
    keepStood({
      reception_id: this.reception, participant_id: this.me, step: "talk", number: this.app.sitting?.number || "",
      consent: this.video ? "audio_video" : "audio_only", started_at: this.startedAt, ahead_ms: this.clock.ahead, held: this.held(),
    });
  }

  /** @returns {string | null} */
  get startedAt() {
    return (this.room ? this.room.started_at : this.before?.started_at) || null;
  }

  /** Seconds since the recording began; NaN before. */
  seconds() {
    return (this.clock.now() - Date.parse(this.startedAt || "")) / 1000;
  }

  showTime() {
    const seconds = this.seconds();
    if (!Number.isNaN(seconds)) this.screen.fill({ time: mediaTime(seconds) });
  }

  /** The kiosk's own copy runs as long as the talk does, also while the line is down; not while the person is held.
   * A line that is away before it was told that the talk runs may keep back just that: what was no talk the office
   * does not want, and it is deleted.  So may a page that was opened again in the talk, until the room is heard. */
  keepCopy() {
    const runs = this.room ? this.room.state === "running" && this.room.started_at : this.before;
    const mayRun = this.room?.state === "waiting" && this.away;
    this.copy.keep((runs || mayRun) && !this.held() ? this.copied() : null);
  }

  /** A recorder takes no track that comes later: the same stream as long as its tracks are the same. */
  copied() {
    const tracks = this.media?.getTracks() || [];
    if (!tracks.length) return null;
    const same = this.copying.getTracks().length === tracks.length && tracks.every((track) => this.copying.getTrackById(track.id));
    if (!same) this.copying = new MediaStream(tracks);
    return this.copying;
  }

  /** Whether the officers talk among themselves. */
  held() {
    return this.room ? this.heldInRoom() : Boolean(this.before?.held);
  }

  heldInRoom() {
    return Boolean(this.room?.seats.some((/** @type {any} */ seat) => seat.participant_id === this.me && seat.held));
  }

  others() {
    return (this.room?.seats || []).filter((/** @type {any} */ seat) => seat.participant_id !== this.me);
  }

  showPeople() {
    const others = this.others();
    const receivers = RECEIVERS.flatMap((role) => others.filter((seat) => seat.role === role));
    for (const seat of others) if (seat.connected) this.met.add(seat.participant_id);
    const here = (/** @type {any} */ seat) => seat.connected || this.met.has(seat.participant_id);
    const leader = receivers.find((seat) => seat.connected || (seat.role === "leader" && here(seat))) || receivers[0];
    this.leader = leader?.participant_id;
    const tag = this.screen.part("leader-name");
    tag.hidden = !leader;
    tag.textContent = leader && this.receiver && !this.receiver.endsWith(leader.name) ? leader.name : this.receiver || leader?.name || "";
    this.bind(this.screen.part("leader"), this.leader);
    this.showOthers(others.filter((seat) => seat.participant_id !== this.leader && here(seat) && seat.role !== "observer"));
    this.screen.say("observers", observersWords(others));
    this.say(this.stageWords(leader));
  }

  /** @param {any} leader */
  stageWords(leader) {
    if (this.held()) return HELD;
    if (!leader && this.room?.state === "running" && this.leaderAway.since) return this.leaderAway.words(false);
    if (!leader) return this.receiver ? `${this.receiver}正在进来` : "领导正在进来";
    if (this.room.state !== "running") return leader.connected ? "" : "领导正在进来";
    const words = this.leaderAway.words(leader.connected);
    if (!leader.connected) return words;
    this.welcome(words);
    return leader.video_muted ? "领导关了画面，声音还在" : pictureWords(leader);
  }

  /** Said once, beside the picture. @param {string} words */
  welcome(words) {
    if (words && words !== this.welcomed) this.app.toast(words);
    this.welcomed = words;
  }

  /** Who it is; with a word on the line there is no room for the part they have. @param {any} seat */
  caption(seat) {
    const state = stateShort(seat);
    return state ? [`${nameOf(seat)} ${state}`] : [el("span.role", {}, `${roleWord(seat.role)} `), nameOf(seat)];
  }

  /** @param {any[]} seats */
  showOthers(seats) {
    const place = this.screen.part("others");
    const ids = seats.map((seat) => seat.participant_id).join();
    if (place.dataset.ids !== ids) place.replaceChildren(...seats.map((seat) => this.other(seat)));
    place.dataset.ids = ids;
    seats.forEach((seat, n) => place.children[n].querySelector("figcaption")?.replaceChildren(...this.caption(seat)));
  }

  /** @param {any} seat */
  other(seat) {
    const video = /** @type {HTMLVideoElement} */ (el("video", { playsinline: true, autoplay: true }));
    this.bind(video, seat.participant_id);
    return el(seat.role === "interpreter" ? "figure.interpreter" : "figure", {}, video, el("figcaption", {})); // hands are to be seen
  }

  /** @param {string} id @param {MediaStream} stream */
  showStream(id, stream) {
    this.streams.set(id, stream);
    this.screen.part("others").dataset.ids = "";
    if (this.room) this.showPeople();
  }

  // --- papers -----------------------------------------------------------------------------------------------

  /** What somebody shows, beside the leader; what is shown from here needs no picture here.
   * @param {{participantId: string, source: string, stream: MediaStream | null}} shown */
  showDocument({ participantId, source, stream }) {
    this.screen.part("paper-box").hidden = !stream;
    this.screen.part("stage").classList.toggle("papered", Boolean(stream));
    this.screen.part("paper").srcObject = stream;
    this.screen.part("paper-words").textContent = `${this.nameOf(participantId)}给您看的${source === "screen" ? "屏幕" : "材料"}`;
    if (stream) this.screen.part("paper").play().catch(() => {});
  }

  /** A second camera looks at papers; without consent to pictures none are taken. */
  async offerPaper() {
    const camera = this.video && this.media ? await paperCamera(this.media) : "";
    if (!this.closed) this.screen.key("show").hidden = !camera;
  }

  /** The papers lie over the talk; what the camera sees goes to the leader as long as they are open. */
  showPaper() {
    if (this.papers || this.closed) return;
    this.papers = openPapers(this.app, {
      reception: this.reception,
      own: this.media || null,
      position: () => this.seconds(),
      leader: (this.leader && this.streams.get(this.leader)) || null,
      show: (track) => { this.seat?.share(track, "document"); },
      closed: () => { this.papers = null; },
    });
  }

  /** @param {HTMLVideoElement} video @param {string | undefined} id */
  bind(video, id) {
    const stream = (id && this.streams.get(id)) || null;
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    video.volume = talkVolume();
    applyHandset();
    if (stream) video.play().catch((error) => { if (error.name === "NotAllowedError") this.screen.part("unblock").hidden = false; });
  }

  /** After a reload the browser wants one touch before it makes a sound. */
  unblock() {
    this.screen.part("unblock").hidden = true;
    for (const video of this.videos()) video.play().catch(() => {});
    if (this.media) this.meter.start(this.media);
  }

  /** @returns {HTMLVideoElement[]} of the others */
  videos() {
    return [this.screen.part("leader"), ...this.screen.part("others").querySelectorAll("video")];
  }

  /** @param {{state: string, message: string, seconds: number}} connection */
  showConnection(connection) {
    const first = connection.state === "connected" && this.away && this.before;
    this.away = connection.state === "reconnecting" || connection.state === "failed";
    this.keepCopy();
    if (this.room || this.before) this.showRecording();
    this.screen.say("connection", this.connectionWords(connection));
    this.sayLine();
    const back = connection.state === "connected" && connection.seconds >= NOTEWORTHY_S;
    const lost = this.kept ? "这台机器都记着，会补上。" : "这几秒没有录上，请再说一遍。";
    if (back) this.app.toast(`接上了。刚才断了 ${connection.seconds} 秒，${lost}`);
    if (first) this.welcomeBack();
  }

  /** For how long the line was away this page does not know; the next time it does. */
  welcomeBack() {
    const { kept } = this;
    this.before = null;
    this.app.toast(kept ? "接上了。断线的时候您说的，这台机器都记着，会补上。" : "接上了。断线的时候您说的没有录上，请再说一遍。");
  }

  /** @param {import("/static/js/line_word.js").SeatLine[]} seats */
  showLines(seats) {
    const words = this.steady.take(seats);
    this.lineWords = plainWords(words.get(this.me), words.get(this.leader || ""));
    this.sayLine();
  }

  /** One sentence about the line at a time is enough; none while nobody listens. */
  sayLine() {
    this.screen.say("line", this.screen.part("connection").hidden && !this.held() ? this.lineWords : "");
  }

  /** Not that the recording goes on, while the officers talk among themselves and nothing is recorded.
   * @param {string} message empty: it is on */
  showRecognition(message) {
    this.recognition = message;
    this.screen.say("recognition", this.held() ? "" : message);
  }

  /** What keeps the other side from hearing or seeing this one, while the line is well. */
  ownWords() {
    if (!this.media || this.noSound) return NO_MICROPHONE;
    return this.noPicture ? NO_CAMERA : this.soundOnly;
  }

  /** @param {string} message empty: the own picture is sent again */
  showSoundOnly(message) {
    this.soundOnly = message;
    this.screen.say("connection", this.ownWords());
    this.sayLine();
  }

  /** @param {{state: string, message: string, seconds: number}} connection */
  connectionWords({ state, message, seconds }) {
    if (state === "connecting") return "";
    if (state === "connected") return this.ownWords();
    if (!this.room && this.before) return this.wordsOfNewPage();
    if (!this.room || state === "captionless") return message;
    if (state === "failed") return `线路断了 ${seconds} 秒，还没有接上，一直在接。您可以按“叫工作人员”。`;
    if (this.kept) return `线路断了 ${seconds} 秒，正在接回来，请接着说。您说的每一句，这台机器都在记，不会丢。`;
    return `线路断了 ${seconds} 秒，正在接回来，请坐着等一等。这一会儿说的话录不上，接上以后请再说一遍。`;
  }

  /** How long the line has been away is not known to a page that was opened again meanwhile. */
  wordsOfNewPage() {
    if (this.held()) return "这一页刚才重新打开过，线路还断着，正在接回来，请坐着等一等。";
    if (this.kept) return "这一页刚才重新打开过，线路还断着，正在接回来，请接着说。您说的每一句，这台机器都在记，不会丢。";
    if (performance.now() - this.openedAt < UNKEPT_MS) return "这一页刚才重新打开过，线路还断着，正在接回来，请坐着等一等。";
    return "这一页刚才重新打开过，线路还断着，正在接回来，请坐着等一等。这一会儿说的话录不上，接上以后请再说一遍。";
  }

  /** A seat that was refused for good is asked for again as long as the office says that the talk is on.
   * @param {{message: string, fatal: boolean}} trouble */
  troubled({ message, fatal }) {
    if (message) this.app.toast(message);
    if (!fatal) return;
    this.app.refresh();
    this.comeBack();
  }

  comeBack() {
    clearTimeout(this.returning);
    this.returning = setTimeout(() => this.sitAgain(), COME_BACK_MS);
  }

  /** What matters most to them is what the clerk hears first. */
  mark() {
    if (performance.now() - this.markedAt < SAME_MARK_MS) return undefined;
    if (!this.recording || this.held()) return this.app.toast("这会儿没有录音，记不上。录上了请再按一次。");
    if (!this.seat?.mark()) return this.app.toast("线路断着，这一下没有记上。接上了请再按一次。");
    this.markedAt = performance.now();
    return undefined;
  }

  /** @param {{participant_id: string}} mark */
  marked(mark) {
    if (mark.participant_id === this.me) this.app.toast(MARKED);
  }

  async end() {
    const sure = await this.app.ask({ title: "要结束这次接谈吗？", text: "结束以后，工作人员整理记录，再请您核对、签名。", yes: "结束", no: "接着谈", danger: true });
    if (!sure || this.closed) return;
    this.seat?.hangUp();
    await this.app.try(() => api("POST", `/api/receptions/${this.reception}/end`), () => this.ended("hung_up"));
  }

  /** @param {string} reason */
  ended(reason) {
    if (this.closed) return;
    if (reason === "replaced") return this.taken();
    if (GOES_ON.includes(reason)) return this.comeBack();
    this.app.over = this.reception;
    this.app.render();
    this.app.refresh();
  }

  taken() {
    this.close();
    const screen = new Screen("taken");
    screen.on({ again: () => this.app.again() });
  }

  /** @param {any} sitting */
  update(sitting) {
    if (sitting.receiver === this.receiver || this.closed) return;
    this.receiver = sitting.receiver;
    this.showPeople();
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.returning);
    navigator.mediaDevices?.removeEventListener("devicechange", this.onDevices);
    this.endVolume();
    this.seat?.close();
    this.meter.close();
    this.hearing.close();
    this.copy.keep(null);
    this.papers?.close();
    this.endHandset?.();
    closeMedia();
  }
}

/** @param {any} app */
export function talk(app) {
  const screen = new Talk(app);
  if (!screen.before) voice.speak("ring", "turn");
  screen.begin();
  return { ownLine: true, speak: () => app.toast("谈话的时候不念，免得打断您。"), back: "正在谈话。要结束，请按“结束”。", update: (/** @type {any} */ sitting) => screen.update(sitting), close: () => screen.close() };
}
