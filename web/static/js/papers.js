// What the petitioner showed: as a list for the desk and the case, and large beside a talk (server/protocol/papers.md).
import { ApiError, api } from "/static/js/api.js";
import { el, icon, worded } from "/static/js/dom.js";

/** @typedef {{id: string, pages: string[], pdf: string, sha256: string, shown_at: string, position: number | null, words: string}} Papers */

const PAUSE_MS = 3000;

/** Each set with its pages to open and its file to keep; hidden where there is none. @param {HTMLElement} place a details element @param {Papers[]} found */
export function showPapers(place, found) {
  place.hidden = !found.length;
  if (place.dataset.shown === found.map(({ id }) => id).join()) return;
  place.dataset.shown = found.map(({ id }) => id).join();
  const pages = found.reduce((sum, one) => sum + one.pages.length, 0);
  place.replaceChildren(el("summary", {}, el("b", {}, `出示材料 ${pages} 张`), el("span.soft", {}, found.map(({ words }) => words).join(""))), list(found));
}

/** @param {Papers[]} found */
function list(found) {
  return el("ul.shown-list", {}, ...found.map((one) => el("li", {}, el("p", {}, one.words),
    el("div.row.wrap.g2", {}, ...one.pages.map((url, n) => el("a", { href: url, target: "_blank", rel: "noopener" }, el("img", { src: url, alt: `第 ${n + 1} 张`, loading: "lazy" }))),
      el("a.btn.small", { href: one.pdf, download: true }, worded("save", "存成一个文件"))))));
}

/** During a talk: what is shown comes up large at once, and stays to be looked at again until `signal` says that it is over. */
export class PapersBeside {
  /** @param {string} receptionId @param {HTMLElement} place @param {HTMLElement} opener @param {AbortSignal} signal */
  constructor(receptionId, place, opener, signal) {
    this.path = `/api/receptions/${receptionId}/papers`;
    this.place = place;
    this.opener = opener;
    /** @type {{url: string, words: string}[]} all pages, in order of time */
    this.pages = [];
    this.at = 0;
    this.wide = false;
    this.known = -1;
    this.over = false;
    let timer = 0;
    const follow = async () => {
      await this.refresh();
      if (!this.over) timer = window.setTimeout(follow, PAUSE_MS);
    };
    signal.addEventListener("abort", () => { this.over = true; clearTimeout(timer); this.close(); opener.hidden = true; });
    opener.addEventListener("click", () => (place.hidden ? this.open(this.at) : this.close()), { signal });
    addEventListener("keydown", (event) => { if (event.key === "Escape" && !place.hidden) this.close(); }, { signal });
    void follow();
  }

  async refresh() {
    try {
      /** @type {{papers: Papers[]}} */
      const { papers } = await api("GET", this.path);
      if (!this.over) this.take(papers);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** What came since comes up; what was there when the page was opened waits to be asked for. @param {Papers[]} papers */
  take(papers) {
    const before = this.known < 0 ? papers.length : this.known;
    const first = papers.slice(0, before).reduce((sum, one) => sum + one.pages.length, 0);
    this.known = papers.length;
    this.pages = papers.flatMap((one) => one.pages.map((url, n) => ({ url, words: `${one.words}第 ${n + 1} 张，共 ${one.pages.length} 张` })));
    this.opener.hidden = !this.pages.length;
    this.opener.replaceChildren(worded("papers", `材料 ${this.pages.length} 张`));
    if (first < this.pages.length) this.open(first);
  }

  /** @param {number} at */
  open(at) {
    this.at = Math.max(0, Math.min(at, this.pages.length - 1));
    const page = this.pages[this.at];
    if (!page) return;
    const sheet = el("div.sheet", { tabindex: "0", "data-wide": this.wide }, el("img", { src: page.url, alt: page.words }));
    sheet.addEventListener("click", () => { this.wide = !this.wide; sheet.toggleAttribute("data-wide", this.wide); });
    const turn = (/** @type {string} */ drawing, /** @type {string} */ words, /** @type {number} */ to) => {
      const button = /** @type {HTMLButtonElement} */ (el("button.btn.small", { type: "button", "aria-label": words, disabled: to < 0 || to >= this.pages.length }, icon(drawing)));
      button.addEventListener("click", () => this.open(to));
      return button;
    };
    const close = el("button.btn.small.end", { type: "button" }, worded("cross", "收起"));
    close.addEventListener("click", () => this.close());
    this.place.replaceChildren(
      el("header.row", {}, el("b", { role: "status" }, page.words), close), sheet,
      el("footer.row", {}, turn("left", "前一张", this.at - 1), el("span.num", {}, `${this.at + 1} / ${this.pages.length}`), turn("right", "后一张", this.at + 1), el("span.small.mute.end", {}, "点一下放大，再点一下看整张")));
    this.place.hidden = false;
  }

  close() {
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}
