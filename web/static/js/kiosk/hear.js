// A short spoken answer: recorded here, understood by the office.  Only an objection to a sentence is kept there.
import { ApiError, send } from "/static/js/api.js";

export const LONGEST_S = 15;
const SHORTEST_MS = 400;

/** @param {MediaStream} sound */
function recorder(sound) {
  const type = ["audio/webm;codecs=opus", "audio/mp4"].find((name) => MediaRecorder.isTypeSupported(name));
  return new MediaRecorder(sound, type ? { mimeType: type } : {});
}

/** One answer being spoken. */
export class SpokenAnswer {
  /** @param {string} path of the office that understands it */
  constructor(path) {
    this.path = path;
    /** @type {MediaStream | null} */
    this.sound = null;
    /** @type {Blob[]} */
    this.pieces = [];
    this.startedAt = 0;
    /** What was recorded, once it is over. @type {Blob | null} */
    this.blob = null;
  }

  /** Opens the microphone and records; `onSound` gets the stream for a meter. @param {(sound: MediaStream) => void} onSound */
  async start(onSound) {
    try {
      this.sound = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      throw new ApiError(400, { code: "no_microphone", message: "话筒没有打开，请用键打字，或者叫工作人员。" });
    }
    this.recorder = recorder(this.sound);
    this.recorder.ondataavailable = (event) => this.pieces.push(event.data);
    this.recorder.start();
    this.startedAt = performance.now();
    this.limit = setTimeout(() => this.stopRecording(), LONGEST_S * 1000);
    onSound(this.sound);
  }

  /** Seconds left to speak. */
  left() {
    return Math.max(0, Math.ceil(LONGEST_S - (performance.now() - this.startedAt) / 1000));
  }

  /** Ends the recording; done() then goes on. */
  stopRecording() {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  /** What was understood once the recording has stopped. @returns {Promise<{text: string, digits: string}>} throws ApiError */
  async done() {
    if (this.recorder?.state === "recording") await new Promise((resolve) => this.recorder?.addEventListener("stop", resolve, { once: true }));
    const spoke = performance.now() - this.startedAt;
    const blob = new Blob(this.pieces, { type: this.recorder?.mimeType || "audio/webm" });
    this.close();
    if (spoke < SHORTEST_MS || !blob.size) throw new ApiError(400, { code: "too_short", message: "没有听到声音，请再说一遍。" });
    this.blob = blob;
    return send("POST", this.path, blob);
  }

  close() {
    clearTimeout(this.limit);
    this.stopRecording();
    this.sound?.getTracks().forEach((track) => track.stop());
    this.sound = null;
  }
}
