// A look at the own microphone and camera before a talk: which ones, the own picture, how loud, and what to do where one does
// not open.  The page has the elements (preview, preview-meter, choose-audio, device-trouble and so on); those that it lacks are
// left out, but for the button that goes on.
import { byId, tell } from "/static/js/dom.js";
import { offer } from "./chosen_devices.js";
import { DeviceError, openDevices, release } from "./devices.js";
import { Meter } from "./meter.js";

/** @typedef {{stream: MediaStream, withoutCamera: string}} Opened `withoutCamera`: why there is no picture, "" if there is one */

export class Preparing {
  /**
   * @param {{button: string, ready: () => string, device?: string, open?: () => Promise<Opened>, goOn?: () => boolean,
   *   meter?: {show: (stream: MediaStream) => void, stop: () => void}, withoutCamera?: (why: string) => string}} how
   *   `button`: id of what goes on, its words in an element `${button}-words`, told by `ready` once the devices are open;
   *   `device`: what the microphone is called; `goOn`: asked when they are open, true where there is nothing to look at any more
   */
  constructor({ button, ready, device = "麦克风", open = openDevices, goOn = () => false, meter = new Meter(byId("preview-meter")), withoutCamera = (why) => why }) {
    this.button = /** @type {HTMLButtonElement} */ (byId(button));
    this.words = byId(`${button}-words`);
    this.ready = ready;
    this.device = device;
    this.open = open;
    this.goOn = goOn;
    this.meter = meter;
    this.withoutCamera = withoutCamera;
    const list = (/** @type {string} */ kind) => /** @type {HTMLSelectElement | null} */ (document.getElementById(`choose-${kind}`));
    this.lists = { audio: list("audio"), video: list("video") };
    this.video = /** @type {HTMLVideoElement | null} */ (document.getElementById("preview"));
    /** @type {MediaStream | null} */
    this.media = null;
    /** @type {Promise<Opened> | null} */
    this.early = null;
    this.opening = false;
    /** @type {"opening" | "missing" | "ready"} */
    this.state = "opening";
    byId("devices-again").addEventListener("click", () => void this.look());
    addEventListener("pagehide", () => this.release());
  }

  /** Opens them before anybody looks, for whoever is missed in a talk. */
  openEarly() {
    this.early = this.open();
    this.early.catch(() => undefined);
  }

  /** What was opened early is not wanted. */
  dropEarly() {
    this.early?.then(({ stream }) => release(stream)).catch(() => undefined);
    this.early = null;
  }

  /** Opens microphone and camera, the ones before are let go, and shows them. @returns {Promise<boolean>} whether `goOn` went on */
  async look() {
    if (this.opening) return false;
    this.opening = true;
    this.become("opening");
    try {
      this.release();
      const early = this.early;
      this.early = null;
      const { stream, withoutCamera } = await (early ?? this.open());
      this.media = stream;
      if (this.goOn()) return true;
      await offer(this.lists, stream, () => void this.look());
      this.show(stream, withoutCamera);
      this.become("ready");
    } catch (error) {
      this.meter.stop();
      this.become("missing");
      tell(byId("device-trouble"), error instanceof DeviceError ? error.message : `${this.device}打不开，请刷新再试。`);
    } finally {
      this.opening = false;
    }
    return false;
  }

  /** @param {MediaStream} stream @param {string} withoutCamera */
  show(stream, withoutCamera) {
    this.meter.show(stream);
    if (!this.video) return;
    this.video.srcObject = stream;
    byId("preview-none").hidden = stream.getVideoTracks().length > 0;
    tell(byId("no-camera"), withoutCamera && this.withoutCamera(withoutCamera));
  }

  /** @param {"opening" | "missing" | "ready"} state */
  become(state) {
    this.state = state;
    byId("devices-again").hidden = state !== "missing";
    tell(byId("device-trouble"), "");
    if (state === "opening" && this.video) tell(byId("no-camera"), "");
    this.draw();
  }

  /** The button, whose words may have changed. */
  draw() {
    this.button.disabled = this.state !== "ready";
    this.words.textContent = { opening: `正在打开${this.device}`, missing: `还差${this.device}`, ready: this.ready() }[this.state];
  }

  /** The talk begins: what is open is its own from now on. @returns {MediaStream | null} */
  take() {
    this.meter.stop();
    if (this.video) this.video.srcObject = null;
    return this.media;
  }

  /** Frees microphone and camera. */
  release() {
    release(this.media);
    this.media = null;
  }
}
