/**
 * One signalling socket (server/protocol/signalling.md), from the moment it is opened until it breaks.
 *
 * The node is never silent for long: a socket on which nothing comes is dead, even if nobody says so.
 *
 * @typedef {{opened: () => void, message: (message: any) => void, broken: () => void}} SocketListener
 */

const SILENT_MS = 6000;

/** Of no more use once `broken` was called. */
export class SeatSocket {
  /** @param {string} address @param {SocketListener} listener @param {number} within milliseconds for the first word */
  constructor(address, listener, within) {
    this._listener = listener;
    this._closed = false;
    /** Whether it ever was open. */
    this.opened = false;
    /** Whether it broke because nothing came any more. */
    this.silent = false;
    this._heard = performance.now();
    this._socket = new WebSocket(address);
    this._socket.onopen = () => this._open();
    this._socket.onmessage = (event) => this._take(event.data);
    this._socket.onclose = () => this._break();
    this._wait(within);
  }

  /** Milliseconds since the node said something. */
  get silence() {
    return performance.now() - this._heard;
  }

  /** @param {object} message @returns {boolean} whether it went out */
  send(message) {
    if (this._socket.readyState !== WebSocket.OPEN) return false;
    this._socket.send(JSON.stringify(message));
    return true;
  }

  close() {
    this._closed = true;
    clearTimeout(this._timer);
    this._socket.onopen = this._socket.onclose = this._socket.onmessage = null;
    this._socket.close();
  }

  _open() {
    this.opened = true;
    this._listener.opened();
  }

  /** @param {string} text */
  _take(text) {
    this._heard = performance.now();
    this._wait(SILENT_MS);
    const message = JSON.parse(text);
    if (message.type !== "alive") this._listener.message(message);
  }

  /** @param {number} pause */
  _wait(pause) {
    clearTimeout(this._timer);
    if (!this._closed) this._timer = setTimeout(() => this._expire(), pause);
  }

  _expire() {
    this.silent = true;
    this._break();
  }

  _break() {
    if (this._closed) return;
    this.close();
    this._listener.broken();
  }
}
