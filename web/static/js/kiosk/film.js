// A short film of somebody signing, where they agree: small pictures without sound.
import { ApiError } from "/static/js/api.js";

const LONGEST_MS = 60_000;
const BITS = 100_000;
const SIZE = { width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { ideal: 10 } };

export class Film {
  /** Opens the camera and records. @param {HTMLVideoElement} mirror shows what is recorded */
  async start(mirror) {
    try {
      this.pictures = await navigator.mediaDevices.getUserMedia({ video: SIZE });
    } catch {
      throw new ApiError(400, { code: "no_camera", message: "摄像头没有打开。可以不录，直接签。" });
    }
    mirror.srcObject = this.pictures;
    /** @type {Blob[]} */
    this.pieces = [];
    this.recorder = new MediaRecorder(this.pictures, { mimeType: "video/webm;codecs=vp8", videoBitsPerSecond: BITS });
    this.recorder.ondataavailable = (event) => this.pieces?.push(event.data);
    this.recorder.start();
    this.limit = setTimeout(() => this.halt(), LONGEST_MS);
  }

  halt() {
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  /** What was recorded. @returns {Promise<Blob>} */
  async end() {
    const over = this.recorder?.state === "recording" ? new Promise((done) => this.recorder?.addEventListener("stop", done, { once: true })) : null;
    this.halt();
    await over;
    this.close();
    return new Blob(this.pieces, { type: "video/webm" });
  }

  close() {
    clearTimeout(this.limit);
    this.halt();
    this.pictures?.getTracks().forEach((track) => track.stop());
  }
}
