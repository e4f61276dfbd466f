// A bar of six steps, or of more, that shows how loud a stream is.

const STEPS = 6;
const QUIETEST_DB = -60;
const LOUDEST_DB = -12;
const INTERVAL_MS = 100;

/** Root mean square in decibels of full scale. @param {Float32Array} samples */
function decibels(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length + 1e-10);
}

/** How many of the steps are lit. @param {number} level @param {number} [steps] */
export function lit(level, steps = STEPS) {
  const share = (level - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB);
  return Math.round(Math.min(1, Math.max(0, share)) * steps);
}

/** Shows the level of one stream at a time in an element of class `meter`. */
export class Meter {
  /** @param {HTMLElement} place @param {number} [steps] @param {(level: number) => void} [told] the level in dB, every 100 ms */
  constructor(place, steps = STEPS, told = () => undefined) {
    this.told = told;
    this.bars = Array.from({ length: steps }, (_, step) => {
      const bar = document.createElement("i");
      bar.style.setProperty("--n", String(step));
      return bar;
    });
    place.replaceChildren(...this.bars);
    /** @type {AudioContext | null} */
    this.context = null;
    this.timer = 0;
  }

  /** @param {MediaStream} stream its first audio track is shown */
  show(stream) {
    this.stop();
    if (!stream.getAudioTracks().length) return;
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 2048;
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = window.setInterval(() => {
      if (this.context && this.context.state === "suspended") this.context.resume();
      analyser.getFloatTimeDomainData(samples);
      const level = decibels(samples);
      this.draw(lit(level, this.bars.length));
      this.told(level);
    }, INTERVAL_MS);
  }

  /** @param {number} steps */
  draw(steps) {
    this.bars.forEach((bar, step) => bar.classList.toggle("on", step < steps));
  }

  stop() {
    clearInterval(this.timer);
    if (this.context) this.context.close();
    this.context = null;
    this.draw(0);
  }
}
