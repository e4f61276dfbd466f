// What a key asks for besides what is to be seen at once: done when that is on the screen.

export class Afterwards {
  constructor() {
    /** @type {(() => void)[]} */
    this.deeds = [];
  }

  /** To be done after the next picture, in the order in which it was asked for. @param {() => void} deed */
  add(deed) {
    this.deeds.push(deed);
    if (this.deeds.length > 1) return;
    const soon = () => setTimeout(() => this.now(), 0);
    if (document.hidden) soon();
    else requestAnimationFrame(soon);
  }

  /** Does what is left to do: what comes next builds on it. */
  now() {
    for (const deed of this.deeds.splice(0)) deed();
  }
}
