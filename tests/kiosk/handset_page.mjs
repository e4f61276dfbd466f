// The hand-set lifted and put back, with what the page says played by elements that note where they are heard (test_handset_page.py).
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const own = pathToFileURL(`${process.argv[2]}/`).href;
registerHooks({
  resolve: (name, context, next) => next(name.startsWith("/static/") ? own + name.slice("/static/".length) : name, context),
  load: (url, context, next) => next(url, url.startsWith(own) ? { ...context, format: "module" } : context),
});

/** @type {any[]} */
const waiting = [];
class Line {
  constructor() { queueMicrotask(() => /** @type {any} */ (this).onopen()); }

  send(/** @type {string} */ message) { waiting.push({ asked: JSON.parse(message), answer: (/** @type {any} */ told) => /** @type {any} */ (this).onmessage({ data: JSON.stringify(told) }) }); }

  close() {}
}
class Sound extends EventTarget {
  constructor() { super(); [this.sinkId, this.paused, this.ended] = ["", true, false]; }

  async setSinkId(/** @type {string} */ id) { this.sinkId = id; }

  pause() {}
}
/** @type {any[]} */
const made = [];
let outputs = [{ kind: "audioinput", label: "听筒", deviceId: "microphone" }, { kind: "audiooutput", label: "HDMI", deviceId: "screen" }, { kind: "audiooutput", label: "USB 听筒", deviceId: "handset" }];
const node = { dataset: {}, addEventListener: () => {}, getElementById: () => null };
let cancelled = 0;
const browser = {
  window: globalThis, document: { ...node, documentElement: node, body: node, getElementById: () => null }, WebSocket: Line, localStorage: { getItem: () => null }, sessionStorage: {},
  Audio: class extends Sound { constructor() { super(); made.push(this); } }, navigator: { mediaDevices: { enumerateDevices: async () => outputs } },
  speechSynthesis: { getVoices: () => [{ lang: "zh-CN", localService: true }], cancel: () => { cancelled += 1; } }, MutationObserver: class {},
  fetch: async () => Response.json({ url: "ws://127.0.0.1:9/", secret: "s" }),
};
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
const { canRead } = await import("/static/js/kiosk/voice.js");
const { Playback } = await import("/static/js/kiosk/playback.js");
const { followHandset, hearInHandset } = await import("/static/js/kiosk/handset.js");
const pause = (/** @type {number} */ ms) => new Promise((done) => { setTimeout(done, ms); });
const next = async () => { while (!waiting.length) await pause(1); return waiting.shift(); };

const leader = new Sound();
const told = /** @type {string[]} */ ([]);
new Playback(/** @type {any} */ ({}));
hearInHandset(() => /** @type {any} */ ([leader]));
followHandset({ toast: (/** @type {string} */ words) => told.push(words) });
/** @type {any[]} */
const seen = [];
const is = async (/** @type {boolean} */ lifted, output = "") => {
  (await next()).answer({ type: "handset_is", lifted, output });
  await pause(20);
  seen.push([...made, leader].map((one) => one.sinkId).concat(String(canRead())));
};
await is(false);
await is(true);
await is(false);
outputs = [{ kind: "audiooutput", label: "USB Audio", deviceId: "other" }];
await is(true);
await is(false);
await is(true, "Audio");
const late = new Sound();
hearInHandset(() => /** @type {any} */ ([late]));
await pause(5);
process.stdout.write(JSON.stringify({ seen, told, late: late.sinkId, cancelled: cancelled > 0 }));
process.exit(0);
