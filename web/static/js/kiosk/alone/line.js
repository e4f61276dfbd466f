// The line from this page to the kiosk's own program on the same computer, for a sitting alone (server/protocol/copies.md):
// pieces are numbered, kept here until the program has them on its disk, and sent again to one that was started anew.
const NUMBER_BYTES = 4;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
/** Pieces that may be under way to the disk. */
const UNDER_WAY = 8;
const WAIT_MS = 8000;
/** Held in memory while the program is away: more than an hour of sound. */
export const MOST_WAITING_BYTES = 64 << 20;

const encoder = new TextEncoder();

/** @param {number} number @param {Object} message @param {Uint8Array} data */
function packed(number, message, data) {
  const head = encoder.encode(`${JSON.stringify(message)}\n`);
  const piece = new Uint8Array(NUMBER_BYTES + head.length + data.length);
  new DataView(piece.buffer).setUint32(0, number);
  piece.set(head, NUMBER_BYTES);
  piece.set(data, NUMBER_BYTES + head.length);
  return piece;
}

/** Events: "kept" when something is on the disk, "full" when a piece was not taken, "away" and "back" of the program. */
export class PieceLine extends EventTarget {
  /** @param {{url: string, secret: string}} door @param {{sitting_id: string, begun_at: string}} sitting */
  constructor(door, sitting) {
    super();
    this.door = door;
    this.sitting = sitting;
    /** @type {{number: number, piece: Uint8Array, message: Object, bulky: boolean}[]} made and not confirmed yet */
    this.waiting = [];
    this.bytes = 0;
    this.count = 0;
    this.next = -1;
    this.sent = -1;
    this.number = "";
    /** @type {number | null} bytes that the program still takes */
    this.room = null;
    this.away = false;
    this.full = false;
    this.over = false;
    this.held = false;
    this.pause = FIRST_PAUSE_MS;
    this.timer = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
  }

  /** Opens it for the first time. @returns {Promise<{code: string, message: string} | null>} why not; null: it is open */
  open() {
    return new Promise((done) => {
      const timer = setTimeout(() => this.refuse(done, { code: "no_program", message: "" }), WAIT_MS);
      this.opened = (/** @type {any} */ why) => { clearTimeout(timer); this.opened = null; done(why); };
      this.connect();
    });
  }

  /** @param {(why: any) => void} done @param {{code: string, message: string}} why */
  refuse(done, why) {
    this.close();
    done(why);
  }

  connect() {
    if (this.over) return;
    const socket = this.socket = new WebSocket(this.door.url);
    socket.onopen = () => socket.send(JSON.stringify({ type: "open_alone", secret: this.door.secret, ...this.sitting }));
    socket.onmessage = ({ data }) => this.told(JSON.parse(data));
    socket.onclose = () => this.lost(socket);
  }

  /** @param {WebSocket} socket */
  lost(socket) {
    if (this.over || socket !== this.socket) return;
    if (this.opened) {
      this.over = true;
      return this.opened({ code: "no_program", message: "" });
    }
    this.next = this.sent = -1;
    if (!this.away) this.say("away", true);
    this.timer = window.setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
    return undefined;
  }

  /** @param {"away" | "back"} event @param {boolean} away */
  say(event, away) {
    this.away = away;
    this.dispatchEvent(new Event(event));
  }

  /** @param {any} message */
  told(message) {
    if (message.type !== "kept") return this.refused(message);
    [this.pause, this.room, this.number] = [FIRST_PAUSE_MS, message.room, message.number];
    if (this.away) this.say("back", false);
    this.opened?.(null);
    this.next = message.next;
    if (this.sent < 0) this.sent = message.next;
    while (this.waiting.length && this.waiting[0].number < message.next) this.bytes -= this.waiting.shift()?.piece.length || 0;
    this.dispatchEvent(new Event("kept"));
    if (this.closing && !this.waiting.length) return this.finish();
    return this.flush();
  }

  /** A full disk takes no sound: what is bulky is given up, and the words that follow say so. @param {any} message */
  refused(message) {
    if (this.opened) {
      this.over = true;
      this.opened(message);
      return this.socket?.close();
    }
    if (message.code !== "full") return this.socket?.close(); // e.g. out of order: it begins anew where the program is
    const again = this.full; // not even words: wait until there is room
    this.full = true;
    const messages = this.waiting.filter((one) => !one.bulky).map((one) => one.message);
    [this.waiting, this.bytes, this.count, this.sent] = [[], 0, this.next, this.next];
    this.held = again;
    for (const one of messages) this.add(one);
    if (again) this.timer = window.setTimeout(() => { this.held = false; this.flush(); }, LONGEST_PAUSE_MS);
    this.dispatchEvent(new Event("full"));
    return undefined;
  }

  /** @param {Object} message of server/protocol/alone.py @param {Uint8Array} [data] */
  add(message, data = new Uint8Array(0)) {
    if (this.over || (this.full && data.length) || this.bytes + data.length > MOST_WAITING_BYTES) return false;
    const piece = packed(this.count, message, data);
    this.waiting.push({ number: this.count, piece, message, bulky: data.length > 0 });
    this.count += 1;
    this.bytes += piece.length;
    this.flush();
    return true;
  }

  flush() {
    if (this.held || this.sent < 0 || this.socket?.readyState !== WebSocket.OPEN) return;
    for (const one of this.waiting) {
      if (this.sent - this.next >= UNDER_WAY) return;
      if (one.number !== this.sent) continue;
      this.socket.send(/** @type {any} */ (one.piece));
      this.sent += 1;
    }
  }

  /** No more pieces: the program closes the sitting once it has all. @returns {Promise<void>} when it has */
  end() {
    if (this.over) return Promise.resolve();
    return new Promise((done) => {
      this.closing = done;
      if (!this.waiting.length && this.next >= 0) this.finish();
    });
  }

  finish() {
    this.socket?.send(JSON.stringify({ type: "end" }));
    this.over = true;
    this.closing?.();
  }

  close() {
    this.over = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}
