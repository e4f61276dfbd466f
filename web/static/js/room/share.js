// Showing everybody a paper under a second camera, or a screen.
import { byId, el, icon, worded } from "/static/js/dom.js";

/** @typedef {import("/static/js/seat.js").Seat} Seat */

const PAPER = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 10, max: 15 } };

/** The button that shows and stops, and the question what is to be shown. */
export class Sharing {
  /** @param {Seat} seat @param {MediaStream | null} own @param {(words: string) => void} notice @param {AbortSignal} signal */
  constructor(seat, own, notice, signal) {
    this.seat = seat;
    this.own = own;
    this.notice = notice;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.button = /** @type {HTMLButtonElement} */ (byId("share"));
    this.question = /** @type {HTMLDialogElement} */ (byId("ask-share"));
    this.button.addEventListener("click", () => (this.stream ? this.stop() : this.ask()), { signal });
    byId("share-no").addEventListener("click", () => this.question.close(), { signal });
    seat.addEventListener("share_ended", (event) => this.ended(/** @type {CustomEvent} */ (event).detail));
    signal.addEventListener("abort", () => { this.question.close(); this.free(); });
    this.draw();
  }

  draw() {
    this.button.setAttribute("aria-pressed", String(Boolean(this.stream)));
    this.button.replaceChildren(this.stream ? worded("stop", "停止给看") : worded("screen", "给大家看"));
  }

  async ask() {
    const used = this.own?.getVideoTracks()[0]?.getSettings().deviceId;
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput" && device.deviceId && device.deviceId !== used);
    const choices = cameras.map((device, n) => this.choice("camera", `摄像头：${device.label || n + 1}`, () => navigator.mediaDevices.getUserMedia({ video: { ...PAPER, deviceId: { exact: device.deviceId } } }), "document"));
    if ("getDisplayMedia" in navigator.mediaDevices) choices.unshift(this.choice("screen", "我的屏幕", () => navigator.mediaDevices.getDisplayMedia({ video: true }), "screen"));
    byId("share-choices").replaceChildren(...(choices.length ? choices : [el("p", {}, "这台机器不能给大家看屏幕，也没有第二个摄像头。")]));
    this.question.showModal();
  }

  /** @param {string} drawing @param {string} words @param {() => Promise<MediaStream>} open @param {"document"|"screen"} source */
  choice(drawing, words, open, source) {
    const button = el("button.btn.block.left", { type: "button", "data-source": source }, icon(drawing), words);
    button.addEventListener("click", () => { this.question.close(); this.start(open, source); });
    return button;
  }

  /** @param {() => Promise<MediaStream>} open @param {"document"|"screen"} source */
  async start(open, source) {
    try {
      this.stream = await open();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (error.name !== "NotAllowedError") this.notice("打不开，没有给大家看。请换一个试试。");
      return;
    }
    const [track] = this.stream.getVideoTracks();
    track.addEventListener("ended", () => this.free());
    if (!this.seat.share(track, source)) this.notice("线路断着，接通以后会给大家看。");
    this.draw();
  }

  stop() {
    this.seat.share(null);
    this.free();
  }

  free() {
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.stream = null;
    this.draw();
  }

  /** @param {{reason: string, message: string}} end */
  ended({ reason, message }) {
    this.free();
    if (reason !== "stopped" && message) this.notice(message);
  }
}
