/**
 * A seat in a lecture: the speaker's, or one to watch from.  Touches no page.
 *
 * Slot 0 carries the speaker, slot 1 whoever has the floor.  Who is given the floor, or loses it, offers a new media
 * line on a new socket; the old line goes on until the new one is answered.
 *
 * @typedef {{participant_id: string, name: string, office: string}} Person
 * @typedef {{type: "lecture", state: "waiting"|"running"|"ended", recording: boolean, recording_trouble: string,
 *   started_at: string|null, speaker: Person|null, speaking: boolean, floor: Person|null,
 *   document: import("../seat.js").SharedDocument|null, viewers: number, offices: {name: string, seats: number}[],
 *   hands: Person[]}} Lecture
 */
import { Seat } from "/static/js/seat.js";

/** Event "lecture" besides those of a seat. */
export class LectureSeat extends Seat {
  /** @param {{ticket: () => Promise<any>, media: MediaStream|null}} options */
  constructor(options) {
    super(options);
    this._slots = 2;
    this._renew = false;
    this.handUp = false;
    /** @type {Lecture|null} */
    this.lecture = null;
  }

  /** Ask to speak, or no longer; whoever speaks gives the floor back by it.  @param {boolean} raised */
  raiseHand(raised) {
    this.handUp = raised;
    return this._send({ type: "hand", raised });
  }

  /** Of the speaker: let somebody be heard and seen, or nobody.  @param {string|null} participantId */
  giveFloor(participantId) {
    return this._send({ type: "floor", participant_id: participantId });
  }

  /** Of the speaker: pass over a raised hand.  @param {string} participantId */
  lowerHand(participantId) {
    return this._send({ type: "lower_hand", participant_id: participantId });
  }

  /** Send this from now on; null: only watch.  The stream stays the caller's.  @param {MediaStream|null} media */
  send(media) {
    this._media = media;
    this._forgetSpare();
    this._muted = { audio: false, video: false };
    this._renew = true;
    void this._connect();
  }

  /** @param {Record<string, any>} message */
  _seated(message) {
    const renew = this._renew;
    this._renew = false;
    if (this.handUp) this._send({ type: "hand", raised: true });
    return super._seated(renew ? { ...message, line_stands: false } : message);
  }

  /** @param {{type: string} & Record<string, any>} message */
  _handle(message) {
    if (message.type !== "lecture") return super._handle(message);
    const lecture = /** @type {Lecture} */ (/** @type {unknown} */ (message));
    this.lecture = lecture;
    if (lecture.floor?.participant_id === this.participantId) this.handUp = false;
    this._showRoom(/** @type {any} */ ({ ...lecture, type: "room", paused: false, seats: this._seats(lecture) }));
    return this._tell("lecture", lecture);
  }

  /** As a room would tell of them.  @param {Lecture} lecture */
  _seats({ speaker, speaking, floor }) {
    const seat = (/** @type {Person} */ one, /** @type {number} */ slot, /** @type {boolean} */ connected) => ({
      participant_id: one.participant_id, name: one.name, role: slot ? "joint" : "leader", connected,
      audio_muted: false, video_muted: false, lost: [], held: false, picture: "full", supplied: [],
      slot: one.participant_id === this.participantId ? null : slot,
    });
    return [...(speaker ? [seat(speaker, 0, speaking)] : []), ...(floor ? [seat(floor, 1, true)] : [])];
  }
}
