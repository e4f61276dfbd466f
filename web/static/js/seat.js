/**
 * A person's seat in a room: signalling (server/protocol/signalling.md) and one RTCPeerConnection.
 * Touches no page.  A connection that breaks is made anew under the same seat: a new socket, a new offer.
 *
 * @typedef {{token: string, signalling_url: string, participant_id: string}} JoinTicket
 * @typedef {{participant_id: string, role: string, name: string, connected: boolean, audio_muted: boolean,
 *   video_muted: boolean, held: boolean, slot: number|null}} SeatState
 * @typedef {"document"|"screen"} ShareSource
 * @typedef {{participant_id: string, source: ShareSource}} SharedDocument
 * @typedef {{type: "room", state: "waiting"|"running"|"ended", recording: boolean, recording_trouble: string,
 *   started_at: string|null, paused: boolean, document: SharedDocument|null, seats: SeatState[]}} Room
 * @typedef {"connecting"|"connected"|"reconnecting"|"failed"} ConnectionState
 * @typedef {{audio: MediaStreamTrack, video: MediaStreamTrack}} Slot
 */

const SLOTS = 5;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4000;
const ANSWER_MS = 15000;
/** Chromium calls a line "disconnected" for moments too; only what stays so is given up. */
const DISCONNECTED_MS = 6000;
/** A node that ends the reception closes the media too: its last word may come a moment later. */
const FAREWELL_MS = 500;
const FAILURES_BEFORE_TELLING = 4;

const SENTENCES = {
  connecting: "正在接通，请稍等。",
  connected: "已经接通。",
  reconnecting: "线路断了，正在重新接通，请不要离开。",
  failed: "一直没有接通，还在继续试。您可以叫工作人员来看看。",
};

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
  /** @param {{ticket: () => Promise<JoinTicket>, media: MediaStream|null}} options */
  constructor({ ticket, media }) {
    super();
    this._ticket = ticket;
    this._media = media;
    this._resume = "";
    this._address = "";
    this._over = false;
    this._failures = 0;
    /** @type {Line|null} */
    this._line = null;
    /** @type {Map<string, MediaStream>} */
    this._streams = new Map();
    this._muted = { audio: false, video: false };
    /** @type {{track: MediaStreamTrack, source: ShareSource}|null} */
    this._shared = null;
    /** @type {MediaStream|null} */
    this._document = null;
    this._documentOf = "";
    /** @type {Room|null} */
    this.room = null;
    this.participantId = "";
  }

  /** Sit down; resolves when the first try has got through or failed.  The seat comes back by itself. */
  async start() {
    this._tell("connection", this._state("connecting"));
    addEventListener("online", this._online);
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

  /** Let go of socket and connection; the camera stays the caller's. */
  close() {
    this._letGo();
    this._over = true;
    clearTimeout(this._retry);
    removeEventListener("online", this._online);
    this._line?.close();
    this._line = null;
  }

  _online = () => {
    if (this._over || this._line) return;
    clearTimeout(this._retry);
    void this._connect();
  };

  async _connect() {
    const line = new Line(this._media, {
      message: (message) => this._handle(message),
      broken: () => this._broken(line),
    });
    this._line = line;
    try {
      const token = await this._token();
      await line.open(this._address, token);
    } catch (error) {
      if (this._final(error)) return;
      this._broken(line);
    }
  }

  /** The resume token works once; where there is none the office is asked. */
  async _token() {
    const token = this._resume;
    this._resume = "";
    if (token) return token;
    const ticket = await this._ticket();
    this.participantId = ticket.participant_id;
    this._address = ticket.signalling_url;
    return ticket.token;
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

  /** @param {Line} line */
  _broken(line) {
    if (this._over || line !== this._line) return;
    this._line = null;
    line.close();
    this._failures += 1;
    this._tell("connection", this._state(this._failures > FAILURES_BEFORE_TELLING ? "failed" : "reconnecting"));
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this._failures - 1), LONGEST_PAUSE_MS);
    this._retry = setTimeout(() => void this._connect(), pause * (0.75 + Math.random() / 2));
  }

  /** @param {{type: string} & Record<string, any>} message */
  _handle(message) {
    switch (message.type) {
      case "joined": return this._joined(message);
      case "connected": return this._connected();
      case "room": return this._room(/** @type {Room} */ (/** @type {unknown} */ (message)));
      case "trouble": return this._trouble(message);
      case "ended": return this._ended(message);
      case "departed": return this._departed(message);
      case "share_ended": return this._shareEnded(message);
      case "caption":
      case "recognition":
      case "marked": return this._tell(message.type, message);
      default: return undefined;
    }
  }

  /** @param {Record<string, any>} message */
  _joined(message) {
    this._resume = message.resume;
    this.participantId = message.participant_id;
  }

  _connected() {
    this._failures = 0;
    for (const kind of /** @type {("audio"|"video")[]} */ (["audio", "video"])) {
      if (this._muted[kind]) this._send({ type: "mute", kind, muted: true });
    }
    this._shareAgain();
    this._tell("connection", this._state("connected"));
    this._bindStreams();
  }

  /** @param {Room} room */
  _room(room) {
    this.room = room;
    this._tell("room", room);
    this._bindStreams();
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

  /** @param {Record<string, any>} message */
  _trouble(message) {
    if (message.code === "share_unavailable") this._letGo();
    if (message.fatal) this._resume = "";
    this._tell("trouble", { code: message.code, message: message.message, fatal: Boolean(message.fatal) });
  }

  /** @param {Record<string, any>} message */
  _ended(message) {
    this.close();
    this._tell("ended", { reason: message.reason });
  }

  /** @param {object} message */
  _send(message) {
    return this._line?.send(message) ?? false;
  }

  /** @param {"audio"|"video"} kind */
  _tracks(kind) {
    return (this._media?.getTracks() ?? []).filter((track) => track.kind === kind);
  }

  /** @param {ConnectionState} state */
  _state(state) {
    return { state, message: SENTENCES[state] };
  }

  /** @param {string} name @param {object} detail */
  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/**
 * One socket with its one peer connection; of no more use once `broken` was called.
 * @typedef {{message: (message: any) => void, broken: () => void}} LineListener
 */
class Line {
  /** @param {MediaStream|null} media @param {LineListener} listener */
  constructor(media, listener) {
    this._media = media;
    this._listener = listener;
    this._closed = false;
    this._live = false;
    /** @type {WebSocket|null} */
    this._socket = null;
    /** @type {RTCPeerConnection|null} */
    this._peer = null;
    /** @type {MediaStream[]} */
    this._slots = [];
    /** @type {RTCRtpSender|null} */
    this._documentSender = null;
    /** @type {MediaStream|null} what another one shows */
    this.documentStream = null;
    /** @type {RTCIceCandidate[]|null} candidates found before the offer went out; null: trickle at once */
    this._held = [];
  }

  /** @param {string} address @param {string} token */
  async open(address, token) {
    if (this._closed) return;
    const socket = new WebSocket(address);
    this._socket = socket;
    this._answerTimer = setTimeout(() => this._break(), ANSWER_MS);
    socket.onopen = () => this.send({ type: "join", token });
    socket.onmessage = (event) => void this._take(event.data);
    socket.onclose = () => this._break();
    await new Promise((resolve) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("close", resolve, { once: true });
    });
  }

  /** @param {object} message @returns {boolean} whether it went out */
  send(message) {
    if (this._socket?.readyState !== WebSocket.OPEN) return false;
    this._socket.send(JSON.stringify(message));
    return true;
  }

  /** The stream of one slot, once media can come.  @param {number} slot */
  stream(slot) {
    return this._slots[slot] ?? null;
  }

  /** Send this track in the document's section, or nothing.  @param {MediaStreamTrack|null} track */
  show(track) {
    if (this._closed) return;
    void this._documentSender?.replaceTrack(track).catch(() => this._break());
  }

  close() {
    this._closed = true;
    clearTimeout(this._answerTimer);
    clearTimeout(this._disconnectedTimer);
    if (this._socket) this._socket.onclose = this._socket.onmessage = null;
    this._socket?.close();
    if (this._peer) this._peer.onconnectionstatechange = this._peer.onicecandidate = null;
    this._peer?.close();
  }

  _break() {
    if (!this._closed) this._listener.broken();
  }

  /** @param {string} text */
  async _take(text) {
    const message = JSON.parse(text);
    if (message.type === "answer") {
      await this._answered(message.sdp).catch(() => this._break());
      return;
    }
    this._listener.message(message);
    if (message.type === "joined") await this._offer(message.ice_servers ?? []).catch(() => this._break());
    if (message.type === "trouble" && NO_ANSWER.has(message.code)) this._break();
  }

  /** @param {RTCIceServer[]} iceServers */
  async _offer(iceServers) {
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this._peer = peer;
    peer.onicecandidate = (event) => this._candidate(event.candidate);
    peer.onconnectionstatechange = () => this._stateChanged(peer.connectionState);
    this._addSections(peer);
    const offer = await peer.createOffer();
    const sdp = askForSoundAgain(offer.sdp ?? "");
    await peer.setLocalDescription({ type: "offer", sdp });
    this.send({ type: "offer", sdp });
    this._release();
  }

  /**
   * The contract's fixed sections: microphone, camera, own document, pairs to receive, the others' document.
   * @param {RTCPeerConnection} peer
   */
  _addSections(peer) {
    this._sending(peer, "audio");
    preferVp8(this._sending(peer, "video"));
    const own = peer.addTransceiver("video", { direction: this._media ? "sendonly" : "inactive" });
    preferVp8(own);
    this._documentSender = own.sender;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const audio = peer.addTransceiver("audio", { direction: "recvonly" });
      const video = peer.addTransceiver("video", { direction: "recvonly" });
      preferVp8(video);
      this._slots[slot] = new MediaStream([audio.receiver.track, video.receiver.track]);
    }
    const shown = peer.addTransceiver("video", { direction: "recvonly" });
    preferVp8(shown);
    this.documentStream = new MediaStream([shown.receiver.track]);
  }

  /** @param {RTCPeerConnection} peer @param {"audio"|"video"} kind */
  _sending(peer, kind) {
    const track = this._media?.getTracks().find((one) => one.kind === kind && one.readyState === "live");
    if (!track || !this._media) return peer.addTransceiver(kind, { direction: "inactive" });
    return peer.addTransceiver(track, { direction: "sendonly", streams: [this._media] });
  }

  /** @param {RTCIceCandidate|null} candidate */
  _candidate(candidate) {
    if (this._held && candidate) this._held.push(candidate);
    else if (!this._held) this._trickle(candidate);
    else this._gathered = true;
  }

  /** The offer is out: candidates found so far follow, later ones go at once. */
  _release() {
    const held = this._held ?? [];
    this._held = null;
    held.forEach((candidate) => this._trickle(candidate));
    if (this._gathered) this._trickle(null);
  }

  /** @param {RTCIceCandidate|null} found */
  _trickle(found) {
    this.send({
      type: "candidate",
      candidate: found?.candidate || null,
      sdp_mid: found?.sdpMid ?? null,
      sdp_m_line_index: found?.sdpMLineIndex ?? null,
    });
  }

  /** @param {string} sdp */
  async _answered(sdp) {
    await this._peer?.setRemoteDescription({ type: "answer", sdp });
  }

  /** @param {RTCPeerConnectionState} state */
  _stateChanged(state) {
    clearTimeout(this._disconnectedTimer);
    if (state === "connected") this._connected();
    else if (state === "failed" || state === "closed") this._breakAfter(FAREWELL_MS);
    else if (state === "disconnected") this._breakAfter(DISCONNECTED_MS);
  }

  /** @param {number} pause */
  _breakAfter(pause) {
    this._disconnectedTimer = setTimeout(() => this._break(), pause);
  }

  _connected() {
    clearTimeout(this._answerTimer);
    if (this._live) return;
    this._live = true;
    this._listener.message({ type: "connected" });
  }
}

/** @param {RTCRtpTransceiver} transceiver */
function preferVp8(transceiver) {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const wanted = ["video/VP8", "video/rtx"];
  transceiver.setCodecPreferences(codecs.filter((codec) => wanted.includes(codec.mimeType)));
}

/**
 * Browsers do not offer to send lost sound again, but do it when asked: without this a tenth of lost packets is
 * a tenth of lost words.
 * @param {string} sdp
 */
export function askForSoundAgain(sdp) {
  const opus = sdp.match(/a=rtpmap:(\d+) opus\/48000/i)?.[1];
  if (!opus || sdp.includes(`a=rtcp-fb:${opus} nack\r\n`)) return sdp;
  return sdp.replaceAll(new RegExp(`(a=rtpmap:${opus} opus/48000/2\r\n)`, "gi"), `$1a=rtcp-fb:${opus} nack\r\n`);
}
