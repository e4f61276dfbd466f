// On a phone one pane is seen at a time; on a wide screen all of them, and the tabs are not shown.

export class Tabs {
  constructor() {
    /** @type {HTMLElement[]} */
    this.tabs = Array.from(document.querySelectorAll('[role="tab"]'));
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.choose(tab));
      tab.addEventListener("keydown", (event) => this.key(event, tab));
    }
    this.choose(this.tabs[0]);
  }

  /** @param {HTMLElement} chosen */
  choose(chosen) {
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls") || "")?.classList.toggle("chosen", tab === chosen);
    }
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} tab */
  key(event, tab) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = this.tabs[(this.tabs.indexOf(tab) + step + this.tabs.length) % this.tabs.length];
    next.focus();
    this.choose(next);
  }
}
