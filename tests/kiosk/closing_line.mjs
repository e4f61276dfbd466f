// The copy of a talk while the line to the kiosk's program closes, as after a kill (test_copy_page.py).
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const own = pathToFileURL(`${process.argv[2]}/`).href;
registerHooks({
  resolve: (name, context, next) => next(name.startsWith("/static/") ? own + name.slice("/static/".length) : name, context),
  load: (url, context, next) => next(url, url.startsWith(own) ? { ...context, format: "module" } : context),
});

/** @type {Line[]} */
const lines = [];
class Line {
  static OPEN = 1;

  constructor() {
    [this.readyState, this.sent] = [Line.OPEN, /** @type {any[]} */ ([])];
    lines.push(this);
    queueMicrotask(() => /** @type {any} */ (this).onopen());
  }

  send(/** @type {any} */ what) { this.sent.push(what); }

  close() {}
}
class Recorder {
  static isTypeSupported() { return true; }

  constructor() { [this.state, this.mimeType] = ["recording", "video/webm"]; }

  start() { queueMicrotask(() => /** @type {any} */ (this).onstart()); }

  stop() { this.state = "inactive"; }
}
const element = { dataset: {} };
const browser = { window: globalThis, document: { documentElement: element, body: element }, MediaRecorder: Recorder, WebSocket: Line,
  fetch: async () => Response.json({ url: "ws://127.0.0.1:9/", secret: "s" }) }; // where the program is, asked once
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
const { TalkCopy } = await import("/static/js/kiosk/copy.js");
const pause = (/** @type {number} */ ms) => new Promise((done) => { setTimeout(done, ms); });

const talk = new TalkCopy({ reception: "r1", participant: "p1", now: () => 0, mediaTime: () => 0 });
talk.keep(/** @type {any} */ ({ active: true, getVideoTracks: () => [1] }));
const take = /** @type {any} */ (talk).take;
while (!take.about) await pause(1);
const kept = (/** @type {number} */ next) => /** @type {any} */ (lines.at(-1)).onmessage({ data: JSON.stringify({ type: "kept", next }) });
kept(0);
take.recorded(new Blob(["one"]));
await pause(20);
lines[0].readyState = 2; // closing
take.recorded(new Blob(["two"]));
await pause(20); // a page that sends again and again to a line that closes never comes here
/** @type {any} */ (lines[0]).onclose();
while (lines.length < 2) await pause(5);
await pause(5);
kept(1);
await pause(20);
const pieces = (/** @type {Line} */ line) => line.sent.filter((one) => typeof one !== "string").map((one) => new TextDecoder().decode(one.subarray(4)));
process.stdout.write(JSON.stringify(lines.map(pieces)));
process.exit(0);
