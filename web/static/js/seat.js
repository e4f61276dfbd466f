/**
 * A person's seat in a room.  Touches no page.
 *
 * It has a socket (seat_socket.js) and a media line (seat_media.js), and each may break without the other: a socket
 * is made anew while sound and picture go on, and a media line that was away is waited for while the socket knocks.
 * Only where the node says that the media line is gone, or the browser gives it up, a new one is offered; the old one
 * goes on until the new one is answered.
 *
 * @typedef {{token: string, signalling_url: string, participant_id: string}} JoinTicket
 * @typedef {{participant_id: string, role: string, name: string, connected: boolean, audio_muted: boolean,
 *   video_muted: boolean, lost: string[], held: boolean, picture: "full"|"reduced"|"stopped"|"unplayable", supplied: string[],
 *   small_sound?: boolean, slot: number|null}} SeatState
 * @typedef {"document"|"screen"} ShareSource
 * @typedef {{participant_id: string, source: ShareSource}} SharedDocument
 * @typedef {{type: "room", state: "waiting"|"running"|"ended", recording: boolean, recording_trouble: string,
 *   started_at: string|null, paused: boolean, document: SharedDocument|null, seats: SeatState[]}} Room
 * `captionless`: sound and picture are well, captions and buttons are not there for the moment.
 * @typedef {"connecting"|"connected"|"captionless"|"reconnecting"|"failed"} ConnectionState
 */
import { SoundFirst } from "./line.js";
import { NodeClock } from "./node_clock.js";
import { OwnDevices } from "./own_devices.js";
import { SeatMedia } from "./seat_media.js";
import { SeatSocket } from "./seat_socket.js";

const FIRST_PAUSE_MS = 200;
const PAUSE_GROWTH = 1.5;
const LONGEST_PAUSE_MS = 2000;
/** The longest pause while the office's web program is away: asking it for a ticket again costs nothing. */
const SHORT_PAUSE_MS = 600;
/** Browsers hold back sockets once about a dozen failed within minutes (measured: 0.3 s after 12, 2 to 5 s from 15 on),
 * so a node that refuses is asked by small requests until it answers. */
const KNOCK_EVERY_MS = 100;
const KNOCK_MS = 1000;
const KNOCKS = 100;
/** A line that was cut swallows the first packets: who waits longer for an answer than this does better to ask again;
 * later, for the reason above, less often. */
const OPEN_MS = 4000;
const OPEN_LATER_MS = 8000;
const QUICK_FAILURES = 12;
/** What a line swallowed is sent again by the system after 1, 2 and 4 s (RFC 6298): beside a socket that does not open
 * the node is asked more often, and once it answers the socket is made anew. */
const BESIDE_EVERY_MS = 200;
const BESIDE_MS = 600;
const BESIDE_AFTER_MS = 800;
const BESIDE_NOT_AGAIN_MS = 5000;
const TICKET_MS = 6000;
const TOKENS_REFUSED = 5;
const LOOK_MS = 500;
const STATS_MS = 2000;
/** A media line that is away knocks at the node by a new socket, unless the old one spoke just now. */
const SOCKET_DOUBTFUL_MS = 3000;
/** The node is there again: so long the old media line may take to find it, too. */
const FIND_BACK_MS = 1500;
/** With the socket well, a media line may be away for so long before another one is tried. */
const AWAY_MS = 12_000;
/** The node speaks at least so often, with some time to spare. */
const ALIVE_MS = 2500;
/** Breaks shorter than this are not worth a word. */
const UNNOTICED_MS = 1500;
const LONG_MS = 20_000;

const SENTENCES = {
  connecting: "正在接通，请稍等。",
  connected: "已经接通。",
  captionless: "声音和画面都在，请接着谈。字幕暂时停了，正在接回来。",
  reconnecting: "线路断了，正在重新接通，请不要离开。",
  failed: "一直没有接通，还在继续试。您可以叫工作人员来看看。",
};

/** For who is on hold: nothing is to be gone on with. */
const CAPTIONLESS_ON_HOLD = "您还在等候，线路没有断。字幕暂时停了，正在接回来。";

const SOUND_ONLY = "您这边线路不好，先只传声音，画面过一会儿自己回来。请接着谈。";

const ROLES = {
  petitioner: "信访人", leader: "接访领导", clerk: "接谈员", joint: "联合接访人员", interpreter: "翻译", observer: "旁听的人",
};

/** Why somebody is not there any more, said to those who are. */
const DEPARTURES = {
  left: "离开了。",
  kicked: "被请出了接谈。",
  network_lost: "那边的线路断了，接上以后会自己回来。",
  token_expired: "的参加时间到了，已经离开。",
  replaced: "换了一个地方接着谈，马上就好。",
  media_restarted: "那边正在重新接通，请稍等。",
  shutdown: "那边正在重新接通，请稍等。",
};

/** Why what this person shows is shown no more. */
const SHARE_ENDS = {
  stopped: "已经停止给大家看。",
  another: "别人开始给大家看材料，您的材料先停下了。",
  held: "您在等候，您的材料先停下了。",
};

/** HTTP statuses with which the office says that this seat is not to be had (any more). */
const FINAL_STATUSES = new Set([401, 403, 404, 409, 410]);

/** What the node says when it cannot answer an offer. */
const NO_ANSWER = new Set(["offer_unusable", "media_full"]);

/** One participant; see the list of events at `_handle`. */
export class Seat extends EventTarget {
  /**
   * `reach`: waits, for some seconds, until the node at an address can be reached; without it the page asks by itself.
   * @param {{ticket: () => Promise<JoinTicket>, media: MediaStream|null, clock?: NodeClock, reach?: (address: string) => Promise<boolean>}} options
   */
  constructor({ ticket, media, clock = new NodeClock(), reach }) {
    super();
    this._ticket = ticket;
    this._reach = reach;
    this._media = media;
    this.clock = clock;
    /** How many others can be seen at once; the contract's number where nothing is said. @type {number|undefined} */
    this._slots = undefined;
    this._resume = "";
    this._address = "";
    this._over = false;
    this._failures = 0;
    /** @type {SeatSocket|null} */
    this._socket = null;
    this._joined = false;
    this._joinSent = 0;
    this._offered = false;
    this._hurriedAt = -Infinity;
    this._refusals = 0;
    /** Counts the calls to the node: what belongs to an earlier one is passed over. */
    this._call = 0;
    /** @type {RTCIceServer[]} */
    this._iceServers = [];
    /** @type {SeatMedia|null} the line that media goes over */
    this._line = null;
    /** @type {SeatMedia|null} the one that will take its place */
    this._next = null;
    /** @type {SeatMedia|null} one that can be offered at once when the node is there */
    this._spare = null;
    /** @type {SoundFirst|null} */
    this._soundFirst = null;
    this._awaySince = 0;
    /** @type {Map<string, MediaStream>} */
    this._streams = new Map();
    this._muted = { audio: false, video: false };
    this._devices = media ? new OwnDevices(media, (change) => this._deviceChanged(change)) : null;
    /** @type {{track: MediaStreamTrack, source: ShareSource}|null} */
    this._shared = null;
    /** @type {MediaStream|null} */
    this._document = null;
    this._documentOf = "";
    /** When sound and picture went away, and how long they were away since all was well. */
    this._brokenSince = 0;
    this._brokenFor = 0;
    /** When something went away, captions too; 0: all is well. */
    this._unwellSince = 0;
    this._told = "";
    this._wasConnected = false;
    /** @type {Room|null} */
    this.room = null;
    this.participantId = "";
  }

  /** Sit down; resolves when the first try has got through or failed.  The seat comes back by itself. */
  async start() {
    this._say("connecting");
    addEventListener("online", this._online);
    this._watch = setInterval(() => this._look(), LOOK_MS);
    this._measuring = setInterval(() => void this._measure(), STATS_MS);
    await this._connect();
  }

  /** Give the seat up; the others stay. */
  leave() {
    this._send({ type: "leave" });
    this.close();
  }

  /** End the reception for everyone.  @returns {boolean} whether the line took it */
  hangUp() {
    return this._send({ type: "hang_up" });
  }

  /** Remember this moment.  @param {string} [note] */
  mark(note = "") {
    return this._send({ type: "mark", note });
  }

  /** Switch the own microphone or camera off or on.  @param {"audio"|"video"} kind @param {boolean} muted */
  mute(kind, muted) {
    this._muted[kind] = muted;
    for (const track of this._tracks(kind)) track.enabled = !muted;
    return this._send({ type: "mute", kind, muted });
  }

  /**
   * Show everybody a second camera or a screen until it is ended here, there or by the browser's own button; it is
   * shown again after a break.  The track stays the caller's.
   * @param {MediaStreamTrack|null} track null: no more @param {ShareSource} [source]
   * @returns {boolean} whether the line took it
   */
  share(track, source = "document") {
    this._letGo();
    if (!track) return this._send({ type: "share", source: null });
    track.contentHint = "detail";
    this._shared = { track, source };
    track.addEventListener("ended", this._shareStopped);
    return this._shareAgain();
  }

  /** Put somebody on hold or take them back.  @param {string} participantId @param {boolean} held */
  hold(participantId, held) {
    return this._send({ type: "hold", participant_id: participantId, held });
  }

  _shareAgain() {
    if (!this._shared) return false;
    this._line?.show(this._shared.track);
    return this._send({ type: "share", source: this._shared.source });
  }

  _shareStopped = () => {
    this.share(null);
  };

  /** Send nothing in the document's section any more. */
  _letGo() {
    this._shared?.track.removeEventListener("ended", this._shareStopped);
    this._shared = null;
    this._line?.show(null);
  }

  /** The peer connection that media goes over, for figures about the line. */
  get peer() {
    return this._line?.peer ?? null;
  }

  /** Let go of socket and connection; the camera stays the caller's. */
  close() {
    this._letGo();
    this._over = true;
    clearTimeout(this._retry);
    clearInterval(this._watch);
    clearInterval(this._measuring);
    removeEventListener("online", this._online);
    this._devices?.close();
    this._dropSocket();
    this._soundFirst?.close();
    this._line?.close();
    this._next?.close();
    this._forgetSpare();
    this._line = this._next = null;
  }

  _online = () => {
    if (!this._over && !this._joined) void this._connect();
  };

  // --- the socket -------------------------------------------------------------------------------------------

  /** Call the node; a call that is under way is given up for this one. */
  async _connect() {
    this._dropSocket();
    this._prepare();
    const call = ++this._call;
    try {
      const token = await this._token();
      if (call !== this._call || this._over) return;
      this._socket = new SeatSocket(this._address, {
        opened: () => this._join(token),
        message: (message) => void this._handle(message),
        broken: () => this._socketBroken(),
      }, this._failures < QUICK_FAILURES ? OPEN_MS : OPEN_LATER_MS);
      void this._askBeside(this._socket);
    } catch (error) {
      if (call === this._call && !this._final(error)) this._socketBroken(unreached(error) ? SHORT_PAUSE_MS : LONGEST_PAUSE_MS);
    }
  }

  _dropSocket() {
    clearTimeout(this._retry);
    this._socket?.close();
    this._socket = null;
    this._joined = this._offered = false;
    this._forgetNext();
  }

  /** The resume token works once; where there is none the office is asked. */
  async _token() {
    if (this._resume) return this._resume;
    const ticket = await inTime(this._ticket(), TICKET_MS);
    this.participantId = ticket.participant_id;
    this._address = ticket.signalling_url;
    return ticket.token;
  }

  /** @param {string} token */
  _join(token) {
    this._resume = "";
    this._joinSent = performance.now();
    this._send({ type: "join", token, line: this._line?.id ?? "" });
  }

  /** @param {unknown} error */
  _final(error) {
    const { status, code, message } = /** @type {{status?: number, code?: string, message?: string}} */ (error ?? {});
    if (!status || !FINAL_STATUSES.has(status)) return false;
    this.close();
    this._tell("trouble", { code: code ?? "", message: message ?? "", fatal: true });
    this._tell("connection", { state: "failed", message: message || SENTENCES.failed });
    return true;
  }

  /** @param {number} [longest] milliseconds to the next try */
  _socketBroken(longest = LONGEST_PAUSE_MS) {
    if (this._over) return;
    const { opened = false, silent = false } = this._socket ?? {};
    this._dropSocket();
    const pause = silent ? 0 : Math.min(FIRST_PAUSE_MS * PAUSE_GROWTH ** this._failures, longest);
    this._failures += 1;
    const again = opened || silent ? () => this._connect() : () => this._knock(KNOCKS);
    this._retry = setTimeout(() => void again(), pause * (0.75 + Math.random() / 2));
    this._look();
  }

  /** @param {SeatSocket} socket */
  async _askBeside(socket) {
    const begun = performance.now();
    const waits = () => this._socket === socket && !socket.opened && !this._over && begun - this._hurriedAt >= BESIDE_NOT_AGAIN_MS;
    const ask = async (/** @type {Promise<boolean>} */ asked) => {
      if (!(await asked) || !waits()) return;
      this._hurriedAt = performance.now();
      void this._connect();
    };
    await after(this._failures ? BESIDE_EVERY_MS : BESIDE_AFTER_MS);
    for (; waits(); await after(BESIDE_EVERY_MS)) {
      if (this._reach) await ask(this._reach(this._address));
      else if (performance.now() - begun >= BESIDE_AFTER_MS) void ask(reachable(this._address, BESIDE_MS, false));
    }
  }

  /** The node refused: call it as soon as it answers anything.  @param {number} times */
  async _knock(times) {
    const call = this._call;
    const answers = !this._address || times === 0 || (await reachable(this._address, KNOCK_MS, true));
    if (call !== this._call || this._over) return;
    if (answers) void this._connect();
    else this._retry = setTimeout(() => void this._knock(times - 1), KNOCK_EVERY_MS);
  }

  /** @param {{type: string} & Record<string, any>} message */
  _handle(message) {
    switch (message.type) {
      case "joined": return this._seated(message);
      case "answer": return this._answered(/** @type {any} */ (message));
      case "room": return this._showRoom(/** @type {Room} */ (/** @type {unknown} */ (message)));
      case "trouble": return this._trouble(message);
      case "ended": return this._ended(message);
      case "departed": return this._departed(message);
      case "time": return this.clock.take(message.sent, message.now);
      case "wide": return this._soundFirst?.wide();
      case "share_ended": return this._shareEnded(message);
      case "caption":
      case "recognition":
      case "lines":
      case "marked": return this._tell(message.type, message);
      default: return undefined;
    }
  }

  /** @param {Record<string, any>} message */
  _seated(message) {
    this._joined = true;
    this._failures = this._refusals = 0;
    this._resume = message.resume;
    this._iceServers = message.ice_servers ?? [];
    this.participantId = message.participant_id;
    this.clock.forget();
    this.clock.take(this._joinSent, message.now);
    void this._reach?.(this._address); // its name is known when no name is answered any more
    this._askTime();
    this._tellMuted();
    if (!message.line_stands || this._line?.state === "lost") return this._offer();
    this._forgetSpare();
    if (this._line?.state === "away") this._awaySince = performance.now() - AWAY_MS + FIND_BACK_MS;
    return this._look();
  }

  /** A token may be too old, or the node too young: a fresh ticket is asked for, and only if that does not help either
   * the page is told.  @param {Record<string, any>} message */
  _trouble(message) {
    if (message.code.startsWith("token_") && !this._joined && ++this._refusals < TOKENS_REFUSED) {
      this._resume = "";
      if (this._refusals === 1) void this._connect();
      return;
    }
    if (message.code === "share_unavailable") this._letGo();
    this._tell("trouble", { code: message.code, message: message.message, fatal: Boolean(message.fatal) });
    if (NO_ANSWER.has(message.code)) this._socketBroken();
    if (!message.fatal) return;
    this._resume = "";
  }

  /** @param {Record<string, any>} message */
  _ended(message) {
    this.close();
    this._tell("ended", { reason: message.reason });
  }

  /** @param {object} message */
  _send(message) {
    return this._socket?.send(message) ?? false;
  }

  // --- the media line ---------------------------------------------------------------------------------------

  /** While the node is called, make the line that it will most likely be offered. */
  _prepare() {
    if (this._spare || (this._line?.state === "well" && !this._failures)) return;
    this._spare = this._newLine();
    this._spare.prepare().catch(() => this._forgetSpare());
  }

  _newLine() {
    /** @type {SeatMedia} */
    const line = new SeatMedia(this._media, (state) => this._mediaChanged(line, state), this._slots);
    return line;
  }

  _forgetSpare() {
    this._spare?.close();
    this._spare = null;
  }

  /** Offer a media line; a socket takes one offer. */
  _offer() {
    if (this._offered) return void this._connect();
    this._offered = true;
    const socket = this._socket;
    const next = this._next = this._spare ?? this._newLine();
    this._spare = null;
    return void next.offer(this._iceServers, (message) => socket?.send(message)).catch(() => this._socketBroken());
  }

  /** @param {{sdp: string, line: string}} message */
  _answered(message) {
    const next = this._next;
    if (!next) return;
    this._next = null;
    this._line?.close();
    this._line = next;
    this._soundFirst?.close();
    this._soundFirst = new SoundFirst(next, (alone) => this._soundAlone(alone), () => this._starved());
    this._awaySince = performance.now();
    this._leaveOut();
    next.answered(message).catch(() => this._socketBroken());
  }

  /** @param {boolean} alone */
  _soundAlone(alone) {
    this._send({ type: "mute", kind: "video", muted: alone, reason: "line" });
    this._fitSound();
    this._tell("sound_only", { alone, message: alone ? SOUND_ONLY : "" });
  }

  /** Whether a picture of somebody else stands still for want of room, by the last word about it. */
  _starved() {
    return (this.room?.seats ?? []).some((seat) => seat.picture === "stopped" && seat.participant_id !== this.participantId);
  }

  _forgetNext() {
    this._next?.close();
    this._next = null;
  }

  /** @param {SeatMedia} line @param {import("./seat_media.js").MediaState} state */
  _mediaChanged(line, state) {
    if (this._over || line !== this._line) {
      if (line === this._spare && state === "lost") this._forgetSpare();
      if (line === this._next && state === "lost") this._socketBroken();
      return;
    }
    if (state === "away") this._awaySince = performance.now();
    if (state === "well") this._carried();
    this._look();
  }

  /** Sound and picture go over a line that is new or was away. */
  _carried() {
    if (this._joined) this._shareAgain();
    this._bindStreams();
  }

  /** Twice a second, and whenever something changed: is there anything to be done, anything to be said? */
  _look() {
    if (this._over) return;
    this._mend();
    this._tellState();
  }

  _mend() {
    if (!this._joined || this._next || !this._line || this._line.state === "well") return;
    const away = performance.now() - this._awaySince;
    if (this._line.state === "lost" || (this._line.state === "away" && away > AWAY_MS)) this._offer();
    else if (this._line.state === "away" && (this._socket?.silence ?? 0) > SOCKET_DOUBTFUL_MS) void this._connect();
  }

  _tellState() {
    const now = performance.now();
    const seen = this._line?.state === "well";
    this._count(seen, now);
    if (seen && this._joined) return this._allWell();
    this._unwellSince ||= now;
    if (this._wasConnected ? now - this._unwellSince < UNNOTICED_MS : !this._failures) return undefined;
    if (seen) return this._say("captionless");
    const broken = now - this._brokenSince;
    return this._say(broken > LONG_MS ? "failed" : "reconnecting", broken);
  }

  /** A browser notices late that media is away; where the node fell silent too, it has been away since then.
   * @param {boolean} seen @param {number} now */
  _count(seen, now) {
    if (!seen) {
      const silence = this._wasConnected ? this._socket?.silence ?? 0 : 0;
      this._brokenSince ||= now - (silence > ALIVE_MS ? silence : 0);
    } else if (this._brokenSince) {
      if (this._wasConnected) this._brokenFor += now - this._brokenSince;
      this._brokenSince = 0;
    }
  }

  _allWell() {
    const broken = this._brokenFor;
    this._brokenFor = this._unwellSince = 0;
    this._wasConnected = true;
    return this._say("connected", broken);
  }

  _askTime() {
    this._send({ type: "ask_time", sent: performance.now() });
  }

  /** Tell the node how the line does, seen from here. */
  async _measure() {
    if (this._joined) this._askTime();
    const line = this._line;
    if (!this._joined || !line) return;
    const stats = await line.measure(this._moving()).catch(() => null);
    if (stats && line === this._line) this._send({ type: "stats", ...stats });
  }

  /** Slots of those whose picture is meant to move. */
  _moving() {
    return (this.room?.seats ?? []).flatMap((seat) => {
      const still = !seat.connected || seat.video_muted || seat.held || (seat.picture ?? "full") !== "full";
      return still || seat.slot === null ? [] : [seat.slot];
    });
  }

  /** Tell of every seat whose slot, and so whose stream, is another than before, and of the document. */
  _bindStreams() {
    this._forgetGone();
    this._bindDocument();
    for (const seat of this.room?.seats ?? []) {
      const stream = seat.slot === null ? null : this._line?.stream(seat.slot) ?? null;
      if (!stream || this._streams.get(seat.participant_id) === stream) continue;
      this._streams.set(seat.participant_id, stream);
      this._tell("stream", { participantId: seat.participant_id, stream });
    }
  }

  /** Whoever left and comes back is told of again. */
  _forgetGone() {
    const here = new Set(this.room?.seats.filter((seat) => seat.slot !== null).map((seat) => seat.participant_id));
    for (const id of this._streams.keys()) if (!here.has(id)) this._streams.delete(id);
  }

  /** What oneself shows has no stream: it is not sent back. */
  _bindDocument() {
    const shown = this.room?.document ?? null;
    const stream = shown && shown.participant_id !== this.participantId ? this._line?.documentStream ?? null : null;
    const of = shown ? `${shown.participant_id} ${shown.source}` : "";
    if (of === this._documentOf && stream === this._document) return;
    this._documentOf = of;
    this._document = stream;
    this._tell("document", { participantId: shown?.participant_id ?? "", source: shown?.source ?? "", stream });
  }

  /** @param {Record<string, any>} message */
  _departed(message) {
    const { participant_id: participantId, role, name, reason } = message;
    const who = name || ROLES[/** @type {keyof typeof ROLES} */ (role)] || "有人";
    const what = DEPARTURES[/** @type {keyof typeof DEPARTURES} */ (reason)] ?? DEPARTURES.left;
    this._tell("departed", { participantId, role, name, reason, message: `${who}${what}` });
  }

  /** @param {Record<string, any>} message */
  _shareEnded({ reason }) {
    this._letGo();
    this._tell("share_ended", { reason, message: SHARE_ENDS[/** @type {keyof typeof SHARE_ENDS} */ (reason)] ?? "" });
  }

  /** @param {Room} room */
  _showRoom(room) {
    this.room = room;
    this._leaveOut();
    this._fitSound();
    this._tell("room", room);
    this._bindStreams();
  }

  get _own() {
    return this.room?.seats.find((seat) => seat.participant_id === this.participantId);
  }

  /** Where a line has no room for pictures, sound is made smaller, too: the own or one that it is to be heard over. */
  _fitSound() {
    this._line?.limitSound(Boolean(this._soundFirst?.alone || this._own?.small_sound));
  }

  /** What an encoder in the room sends in this seat's place need not be sent twice. */
  _leaveOut() {
    this._line?.leaveOut(this._own?.supplied ?? []);
  }

  _tellMuted() {
    for (const kind of /** @type {("audio"|"video")[]} */ (["audio", "video"])) {
      if (this._muted[kind]) this._send({ type: "mute", kind, muted: true });
    }
    for (const kind of this._devices?.told ?? []) this._send({ type: "mute", kind, muted: this._devices?.lost.has(kind), reason: "device" });
    if (this._soundFirst?.alone) this._send({ type: "mute", kind: "video", muted: true, reason: "line" });
  }

  /** @param {import("./own_devices.js").DeviceChange} change */
  _deviceChanged({ kind, track, seconds, message, missing }) {
    if (track) {
      track.enabled = !this._muted[kind];
      this._line?.swap(kind, track);
      this._next?.swap(kind, track);
      this._spare?.swap(kind, track);
    }
    this._send({ type: "mute", kind, muted: !track, reason: "device" });
    this._tell("device", { kind, lost: !track, seconds, message, missing });
  }

  /** @param {"audio"|"video"} kind */
  _tracks(kind) {
    return (this._media?.getTracks() ?? []).filter((track) => track.kind === kind);
  }

  /**
   * Tell how the line is, when it changes and, while it is away, every second.
   * `seconds`: how long it has been away, or, once it is back, was.
   * @param {ConnectionState} state @param {number} [broken] milliseconds
   */
  _say(state, broken = 0) {
    const seconds = Math.round(broken / 1000);
    const counting = state === "reconnecting" || state === "failed";
    const key = counting ? `${state} ${seconds}` : state;
    if (key === this._told) return;
    this._told = key;
    const waiting = state === "captionless" && this._own?.held;
    this._tell("connection", { state, message: waiting ? CAPTIONLESS_ON_HOLD : SENTENCES[state], seconds });
  }

  /** @param {string} name @param {object} detail */
  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Whether the office was not reached at all (api.js).  @param {unknown} error */
function unreached(error) {
  return /** @type {{status?: number}} */ (error ?? {}).status === 0;
}

/**
 * Whether somebody answers at the signalling address, be it with "not like this".
 * @param {string} address @param {number} within milliseconds
 * @param {boolean} otherwise what it is if nobody answers and nobody refuses, either
 */
async function reachable(address, within, otherwise) {
  try {
    const url = address.replace(/^ws/, "http");
    const answer = await fetch(url, { mode: "no-cors", cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(within) });
    return answer.type === "opaque" || answer.status < 500;
  } catch (error) {
    return otherwise && error instanceof DOMException && error.name === "TimeoutError";
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function after(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

/** @template T @param {Promise<T>} answer @param {number} limit milliseconds @returns {Promise<T>} */
function inTime(answer, limit) {
  return Promise.race([answer, new Promise((_, refuse) => setTimeout(() => refuse(new Error("no ticket in time")), limit))]);
}
