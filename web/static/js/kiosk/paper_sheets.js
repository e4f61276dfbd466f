// The pages that were photographed and not handed over yet: small pictures in order, each to be moved or taken out.
import { ApiError } from "/static/js/api.js";
import { el, icon } from "/static/js/dom.js";
import { ask } from "./door.js";

/** What the program says of the pages; its refusal is told in its own words. @param {any} answer */
function state(answer) {
  if (answer.type !== "papers_are") throw new ApiError(400, { code: answer.code || "no_program", message: answer.message || "没有收下，请再试一次。" });
  return answer;
}

export class PaperSheets {
  /** @param {any} app @param {string} reception @param {HTMLElement} place @param {() => void} changed */
  constructor(app, reception, place, changed) {
    this.app = app;
    this.reception = reception;
    this.place = place;
    this.changed = changed;
    /** @type {{id: string, small: string}[]} */
    this.pages = [];
    this.waiting = 0;
    this.arrived = 0;
    this.chosen = "";
  }

  get count() {
    return this.pages.length;
  }

  /** @param {string} type @param {Object} [more] */
  async ask(type, more = {}) {
    const answer = state(await ask({ type, reception_id: this.reception, ...more }));
    [this.pages, this.waiting, this.arrived] = [answer.pages, answer.waiting, answer.arrived];
    if (!this.pages.some(({ id }) => id === this.chosen)) this.chosen = "";
    this.draw();
    this.changed();
  }

  refresh() {
    return this.ask("papers");
  }

  /** @param {string} jpeg @returns {Promise<boolean>} */
  async keep(jpeg) {
    await this.ask("keep_paper", { jpeg });
    return true;
  }

  /** @param {number | null} position */
  send(position) {
    return this.ask("send_papers", { position });
  }

  /** @param {number} from @param {number} by 0: it is taken out */
  async move(from, by) {
    const ids = this.pages.map(({ id }) => id);
    const [one] = ids.splice(from, 1);
    if (by) ids.splice(from + by, 0, one);
    try {
      await this.ask("order_papers", { pages: ids });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.app.toast(error.message);
    }
  }

  draw() {
    this.place.hidden = !this.pages.length;
    this.place.replaceChildren(...this.pages.map(({ id, small }, n) => this.sheet(id, small, n)));
  }

  /** @param {string} id @param {string} small @param {number} n */
  sheet(id, small, n) {
    const chosen = id === this.chosen;
    const picture = el("button.sheet", { type: "button", "aria-pressed": String(chosen), "aria-label": `第 ${n + 1} 张` }, el("img", { src: `data:image/jpeg;base64,${small}`, alt: "" }));
    picture.addEventListener("click", () => { this.chosen = chosen ? "" : id; this.draw(); });
    return el("li", {}, picture, chosen ? this.deeds(n) : el("span", {}, `第 ${n + 1} 张`));
  }

  /** @param {number} n */
  deeds(n) {
    const deed = (/** @type {string} */ drawing, /** @type {string} */ words, /** @type {number} */ by, off = false) => {
      const button = el("button.btn", { type: "button", "aria-label": words, disabled: off }, icon(drawing));
      button.addEventListener("click", () => this.move(n, by));
      return button;
    };
    return el("span.deeds", {}, deed("left", `第 ${n + 1} 张往前挪`, -1, n === 0), deed("cross", `不要第 ${n + 1} 张`, 0), deed("right", `第 ${n + 1} 张往后挪`, 1, n === this.pages.length - 1));
  }
}
