// Is somebody still in front of the kiosk?  Asked of the kiosk's program with a picture of the camera that is looked at and
// forgotten; only where the person agreed to pictures.  Nobody is identified.
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";
import { onePicture } from "./measure.js";

/** Looks in a row in which nobody is seen. */
const ENOUGH = 3;

export class Presence {
  constructor() {
    this.missed = 0;
    this.looking = false;
  }

  /** Looks once. @returns {Promise<"here" | "gone" | "unknown">} gone: nobody was seen several times in a row */
  async look() {
    if (this.looking) return "unknown";
    this.looking = true;
    try {
      const jpeg = await onePicture();
      if (!jpeg) return this.seen("unknown");
      const { faults = [], framing } = await ask({ type: "look", pictures: [{ at: performance.now() / 1000, jpeg }] });
      if (!framing || faults.length) return this.seen("unknown"); // a covered camera sees nobody either
      return this.seen(framing.code === "nobody" ? "gone" : "here");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return this.seen("unknown");
    } finally {
      this.looking = false;
    }
  }

  /** @param {"here" | "gone" | "unknown"} found @returns {"here" | "gone" | "unknown"} */
  seen(found) {
    this.missed = found === "gone" ? this.missed + 1 : 0;
    return found === "gone" && this.missed < ENOUGH ? "unknown" : found;
  }
}
