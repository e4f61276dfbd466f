// The kiosk's page without a browser, for the simulated day (simulated_day.py): the product's own modules of a sitting alone
// and of the copy of a talk.  Microphone, camera and clock are played; each line of the input is something that a person or a
// device does, and is answered with a line.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, origin] = process.argv.slice(2);
const own = pathToFileURL(`${folder}/`).href;
registerHooks({
  resolve: (name, context, next) => next(name.startsWith("/static/") ? own + name.slice("/static/".length) : name, context),
  load: (url, context, next) => next(url, url.startsWith(own) ? { ...context, format: "module" } : context),
});

const say = (/** @type {any} */ told) => process.stdout.write(`${JSON.stringify(told)}\n`);

// --- what a browser has -----------------------------------------------------------------------------------------------

const began = Date.now();
let at = 0;
let place = { url: "", secret: "" };
const plugged = { camera: true, microphone: true };
/** @type {FakeRecorder | null} */
let recorder = null;

class Track {
  constructor(/** @type {string} */ kind) {
    this.kind = kind;
    this.readyState = "live";
    this.onended = () => {};
  }

  stop() {
    this.readyState = "ended";
  }
}

class Stream {
  constructor(/** @type {string[]} */ kinds) {
    this.tracks = kinds.map((kind) => new Track(kind));
  }

  get active() { return this.tracks.some((track) => track.readyState === "live"); }

  getTracks() { return this.tracks; }

  getAudioTracks() { return this.tracks.filter((track) => track.kind === "audio"); }

  getVideoTracks() { return this.tracks.filter((track) => track.kind === "video"); }
}

/** @type {Stream | null} */
let stream = null;

class FakeRecorder {
  static isTypeSupported() { return true; }

  constructor(/** @type {Stream} */ source, /** @type {{mimeType: string}} */ { mimeType }) {
    [this.source, this.mimeType, this.state] = [source, mimeType, "inactive"];
    this.fed = 0;
    this.onstart = this.onstop = () => {};
    this.ondataavailable = (/** @type {any} */ _) => {};
  }

  get filmed() { return this.mimeType.startsWith("video"); }

  start() {
    recorder = this;
    this.state = "recording";
    queueMicrotask(() => this.onstart());
  }

  /** @param {Buffer} bytes */
  feed(bytes) {
    if (this.state !== "recording") return false;
    this.fed += bytes.length;
    this.ondataavailable({ data: new Blob([bytes]) });
    return true;
  }

  stop() {
    if (this.state === "inactive") return;
    this.state = "inactive";
    queueMicrotask(() => this.onstop());
  }
}

const mediaDevices = {
  getUserMedia: async (/** @type {{video?: any}} */ { video }) => {
    if (!plugged.microphone || (video && !plugged.camera)) throw new Error("NotFoundError");
    stream = new Stream(video ? ["audio", "video"] : ["audio"]);
    return stream;
  },
};

const element = { dataset: {} };
const RealSocket = globalThis.WebSocket;
const browser = {
  window: globalThis, document: { documentElement: element, body: element }, MediaRecorder: FakeRecorder,
  performance: { now: () => at * 1000 }, navigator: { mediaDevices },
  /** A browser names the page's origin. */
  WebSocket: class extends RealSocket {
    constructor(/** @type {string} */ url) { super(url, /** @type {any} */ ({ headers: { Origin: origin } })); }
  },
  /** The office as this page sees it: it said where the program is while the line was there. */
  fetch: async (/** @type {string} */ path) => {
    if (path === "/api/kiosk/devices") return Response.json(place);
    throw new TypeError("offline");
  },
};
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

const { AloneSitting } = await import("/static/js/kiosk/alone/sitting.js");
const { TalkCopy } = await import("/static/js/kiosk/copy.js");
const { closeMedia } = await import("/static/js/kiosk/media.js");

// --- what is confirmed to be on the disk ------------------------------------------------------------------------------

/** Follows a sitting's pieces from outside: what the program confirmed, by kind. @param {any} line */
function followPieces(line) {
  const of = line.sitting.sitting_id;
  /** @type {Map<any, number>} message to the bytes that it carries */
  const open = new Map();
  const kept = { sound: /** @type {Object<string, number>} */ ({}), photos: 0, typed: 0, full: 0 };
  const add = line.add.bind(line);
  line.add = (/** @type {any} */ message, /** @type {Uint8Array | undefined} */ data) => {
    const taken = add(message, data);
    if (taken) open.set(message, data?.length || 0);
    return taken;
  };
  const look = (/** @type {boolean} */ confirmed) => {
    const waiting = new Set(line.waiting.map((/** @type {any} */ one) => one.message));
    for (const [message, bytes] of open) {
      if (waiting.has(message)) continue;
      open.delete(message);
      if (!confirmed) continue;
      if (message.type === "sound") kept.sound[message.take] = (kept.sound[message.take] || 0) + bytes;
      if (message.type === "photo") kept.photos += 1;
      if (message.type === "typed") kept.typed += 1;
    }
    say({ of, kept });
  };
  line.addEventListener("kept", () => look(true));
  line.addEventListener("full", () => { kept.full += 1; look(false); });
}

/** The same of the copy of a talk. @param {any} take */
function followCopy(take) {
  const told = take.told.bind(take);
  take.told = (/** @type {any} */ message) => {
    const result = told(message);
    say({ of: take.id, kept: { sound: { 0: (take.recorder?.fed || 0) - take.bytes }, full: Number(message.code === "full") } });
    return result;
  };
}

const pause = (/** @type {number} */ ms) => new Promise((done) => { setTimeout(done, ms); });
async function until(/** @type {() => any} */ condition) {
  while (!condition()) await pause(5);
}

// --- what happens -------------------------------------------------------------------------------------------------------

/** @type {any} */
let sitting = null;
/** @type {any} */
let talk = null;
/** @type {any} */
let take = null;

/** @type {Object<string, (told: any) => any>} */
const doing = {
  at: ({ seconds }) => { at = seconds; },
  /** Begins a sitting. */
  alone: async ({ door, form, consent }) => {
    [place, at, plugged.camera, plugged.microphone] = [door, 0, true, true];
    sitting = new AloneSitting(door, form, consent);
    followPieces(sitting.line);
    const why = await sitting.begin();
    return { code: why?.code || "", id: sitting.line.sitting.sitting_id, number: sitting.number, query: sitting.code };
  },
  ask: ({ question }) => sitting.asked(question),
  speak: async ({ question }) => {
    recorder = null;
    const given = await sitting.speak(question);
    return { take: given ? sitting.run.answer.take : -1, filmed: Boolean(recorder && /** @type {any} */ (recorder).filmed) };
  },
  /** A slice of what is recorded: [from, to) of a file. */
  record: ({ file, from, to }) => ({ taken: Boolean(recorder?.feed(readFileSync(file).subarray(from, to))) }),
  stop: async () => {
    sitting.stopSpeaking();
    await sitting.run?.done;
  },
  plug: ({ device, plugged: is }) => {
    plugged[/** @type {"camera" | "microphone"} */ (device)] = is;
    for (const track of is ? [] : stream?.getTracks() || []) {
      if (track.kind !== (device === "camera" ? "video" : "audio") || track.readyState === "ended") continue;
      track.stop();
      track.onended();
    }
  },
  type: ({ question, words }) => sitting.typed(question, words),
  knows: (known) => sitting.knows(known.person),
  photo: ({ question, file }) => ({ taken: sitting.photo(question, readFileSync(file).toString("base64")) }),
  sign: ({ drawn }) => sitting.signed(drawn),
  end: async ({ how }) => {
    await sitting.end(how);
    closeMedia();
  },
  /** Somebody talks with a leader. */
  talk: async ({ door, reception, participant }) => {
    place = door;
    stream = new Stream(["audio", "video"]);
    recorder = null;
    talk = new TalkCopy({ reception, participant, now: () => began + at * 1000, mediaTime: () => at });
    talk.keep(stream);
    take = talk.take;
    followCopy(take);
    await until(() => recorder || take.over);
    return { begun: Boolean(recorder), id: take.id };
  },
  hang_up: async () => {
    talk.keep(null);
    await until(() => take.over);
    return { fed: recorder?.fed || 0 };
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const told = JSON.parse(text);
  Promise.resolve(doing[told.do](told)).then((result) => say({ done: result ?? {} }), (error) => say({ failed: String(error.stack) }));
}
process.exit(0);
