/**
 * One peer connection with the contract's fixed sections: own microphone, camera and document up, the others' down.
 *
 * A path that is dead for some seconds and comes back is found again by the connection itself; only one that has
 * failed is of no more use.
 *
 * @typedef {"new"|"well"|"away"|"lost"} MediaState
 * @typedef {{audio: MediaStreamTrack, video: MediaStreamTrack}} Slot
 */

import { LineStats } from "./line_stats.js";

const SLOTS = 5;
/** Words before pictures; and pictures in layers, so that a thin line can be given every fourth one. */
const ENCODINGS = {
  audio: /** @type {RTCRtpEncodingParameters} */ ({ priority: "high", networkPriority: "high" }),
  video: /** @type {RTCRtpEncodingParameters} */ ({ scalabilityMode: "L1T3" }),
};
/** Bits per second of sound where a line has no room for a picture; Opus is wideband at that still. */
const SMALL_SOUND = 16_000;
const BUNDLE = "max-bundle";
const CONNECT_MS = 12_000;
/** A node that ends the reception closes the media too: its last word may come a moment later. */
const FAREWELL_MS = 500;

export class SeatMedia {
  /**
   * @param {MediaStream|null} media @param {(state: MediaState) => void} changed
   * @param {number} [slots] how many others can be seen at once
   */
  constructor(media, changed, slots = SLOTS) {
    this._count = slots;
    this._media = media;
    /** @type {(message: object) => void} */
    this._send = () => {};
    this._changed = changed;
    this._closed = false;
    /** Whether the microphone's sound takes half as much as usual. */
    this.soundSmall = false;
    /** Name that the node gave this line in its answer. */
    this.id = "";
    /** @type {MediaState} */
    this.state = "new";
    /** @type {RTCPeerConnection|null} */
    this._peer = null;
    /** @type {LineStats|null} */
    this._stats = null;
    /** @type {MediaStream[]} */
    this._slots = [];
    /** @type {Map<string, RTCRtpSender>} what is sent of microphone and camera, by kind */
    this._senders = new Map();
    /** @type {RTCRtpSender|null} */
    this._documentSender = null;
    /** @type {MediaStream|null} what another one shows */
    this.documentStream = null;
    /** @type {RTCIceCandidate[]|null} candidates found before the offer went out; null: trickle at once */
    this._held = [];
  }

  /**
   * Make the connection and what it offers, asking nothing of the network yet: a third of a second for a browser at
   * work (measured), which is not to be spent when the node is there.
   * @returns {Promise<{peer: RTCPeerConnection, sdp: string}>}
   */
  prepare() {
    this._prepared ??= this._prepare();
    return this._prepared;
  }

  /** @param {RTCIceServer[]} iceServers @param {(message: object) => void} send to the node */
  async offer(iceServers, send) {
    this._send = send;
    this._timer = setTimeout(() => this._become("lost"), CONNECT_MS);
    const { peer, sdp } = await this.prepare();
    if (this._closed) return;
    peer.setConfiguration({ iceServers, bundlePolicy: BUNDLE });
    await peer.setLocalDescription({ type: "offer", sdp });
    if (this._closed) return;
    this._send({ type: "offer", sdp });
    this._release();
  }

  /** @param {{sdp: string, line?: string}} answer */
  async answered({ sdp, line }) {
    this.id = line ?? "";
    if (!this._closed) await this._peer?.setRemoteDescription({ type: "answer", sdp });
  }

  /** The stream of one slot, once media can come.  @param {number} slot */
  stream(slot) {
    return this._slots[slot] ?? null;
  }

  /** Send this track in the document's section, or nothing.  @param {MediaStreamTrack|null} track */
  show(track) {
    if (!this._closed) void this._documentSender?.replaceTrack(track).catch(() => this._become("lost"));
  }

  /** Send these kinds not: an encoder in the room sends them in this seat's place.  @param {string[]} kinds */
  leaveOut(kinds) {
    if (this._closed) return;
    for (const [kind, sender] of this._senders) {
      const track = kinds.includes(kind) ? null : this._ownTrack(kind);
      if (sender.track !== track) void sender.replaceTrack(track).catch(() => this._become("lost"));
    }
  }

  /** Who sends the camera's picture. */
  get pictureSender() {
    return this._senders.get("video") ?? null;
  }

  /** Send this track in the place of one whose device came off; a line that was made without one is of no more use.
   * @param {"audio"|"video"} kind @param {MediaStreamTrack} track */
  swap(kind, track) {
    const sender = this._senders.get(kind);
    if (this._closed) return;
    if (!sender) this._become("lost");
    else if (sender.track) void sender.replaceTrack(track).catch(() => this._become("lost"));
  }

  /** Let the microphone's sound take half as much as usual, or no more so.  @param {boolean} small */
  limitSound(small) {
    const sender = this._senders.get("audio");
    if (this._closed || !sender || small === this.soundSmall) return;
    this.soundSmall = small;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) {
      if (small) encoding.maxBitrate = SMALL_SOUND;
      else delete encoding.maxBitrate;
    }
    void sender.setParameters(parameters).catch(() => {});
  }

  /** How the line did since it was asked last; null while nothing goes over it.
   * @param {number[]} moving slots whose picture is meant to move */
  async measure(moving) {
    if (this._closed || this.state !== "well" || !this._stats) return null;
    const tracks = moving.flatMap((slot) => this._slots[slot]?.getVideoTracks() ?? []);
    return this._stats.sample(tracks.map((track) => track.id));
  }

  /** The peer connection, for figures about the line. */
  get peer() {
    return this._peer;
  }

  close() {
    this._closed = true;
    clearTimeout(this._timer);
    if (this._peer) this._peer.onconnectionstatechange = this._peer.onicecandidate = null;
    this._peer?.close();
  }

  async _prepare() {
    const peer = this._peer = new RTCPeerConnection({ bundlePolicy: BUNDLE });
    this._stats = new LineStats(peer);
    peer.onicecandidate = (event) => this._candidate(event.candidate);
    peer.onconnectionstatechange = () => this._stateChanged(peer.connectionState);
    this._addSections(peer);
    const offer = await peer.createOffer();
    return { peer, sdp: askForSoundAgain(offer.sdp ?? "") };
  }

  /** Microphone, camera, own document, pairs to receive, the others' document.  @param {RTCPeerConnection} peer */
  _addSections(peer) {
    this._sending(peer, "audio");
    restrict(this._sending(peer, "video"), SENT);
    const own = peer.addTransceiver("video", { direction: this._media ? "sendonly" : "inactive" });
    restrict(own, SENT);
    this._documentSender = own.sender;
    for (let slot = 0; slot < this._count; slot += 1) {
      const audio = peer.addTransceiver("audio", { direction: "recvonly" });
      const video = peer.addTransceiver("video", { direction: "recvonly" });
      restrict(video, SHOWN);
      this._slots[slot] = new MediaStream([audio.receiver.track, video.receiver.track]);
    }
    const shown = peer.addTransceiver("video", { direction: "recvonly" });
    restrict(shown, SHOWN);
    this.documentStream = new MediaStream([shown.receiver.track]);
  }

  /** @param {RTCPeerConnection} peer @param {"audio"|"video"} kind */
  _sending(peer, kind) {
    const track = this._ownTrack(kind);
    if (!track || !this._media) return peer.addTransceiver(kind, { direction: "inactive" });
    const transceiver = peer.addTransceiver(track, { direction: "sendonly", streams: [this._media], sendEncodings: [ENCODINGS[kind]] });
    this._senders.set(kind, transceiver.sender);
    return transceiver;
  }

  /** @param {string} kind */
  _ownTrack(kind) {
    return this._media?.getTracks().find((one) => one.kind === kind && one.readyState === "live") ?? null;
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
    this._send({
      type: "candidate",
      candidate: found?.candidate || null,
      sdp_mid: found?.sdpMid ?? null,
      sdp_m_line_index: found?.sdpMLineIndex ?? null,
    });
  }

  /** @param {RTCPeerConnectionState} state */
  _stateChanged(state) {
    if (state === "connecting" || state === "new") return;
    clearTimeout(this._timer);
    if (state === "connected") this._become("well");
    else if (state === "disconnected") this._become("away");
    else this._timer = setTimeout(() => this._become("lost"), FAREWELL_MS);
  }

  /** @param {MediaState} state */
  _become(state) {
    if (this._closed || this.state === state) return;
    this.state = state;
    this._changed(state);
  }
}

/** What this page sends: every browser can show it, and a thin line gets fewer frames of it. */
const SENT = ["video/VP8", "video/rtx"];
/** What it can be shown: encoders in an interview room send H.264. */
const SHOWN = ["video/VP8", "video/H264", "video/rtx"];

/** @param {RTCRtpTransceiver} transceiver @param {string[]} wanted */
function restrict(transceiver, wanted) {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  transceiver.setCodecPreferences(codecs.filter((codec) => wanted.includes(codec.mimeType) && inPieces(codec)));
}

/** H.264 in packetization-mode 1, the only one that carries large pictures.  @param {RTCRtpCodec} codec */
function inPieces(codec) {
  return codec.mimeType !== "video/H264" || (codec.sdpFmtpLine ?? "").includes("packetization-mode=1");
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
