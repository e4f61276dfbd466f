// A screen is a <template id="screen-…"> of the page; this puts one up and finds its parts.
import { byId } from "/static/js/dom.js";

const main = byId("main");
const steps = byId("steps");
let byKeys = false;
addEventListener("keydown", () => { byKeys = true; }, { capture: true, passive: true });
addEventListener("pointerdown", () => { byKeys = false; }, { capture: true, passive: true });

/** Whoever goes from key to key goes on from the first key of a new screen; a finger needs no focus. @param {HTMLElement[]} own */
export function giveFocus(own) {
  main.focus({ preventScroll: true });
  if (!byKeys) return;
  const first = own.flatMap((one) => [...one.querySelectorAll("button, textarea, [tabindex='0']")]).find((node) => !(/** @type {any} */ (node).disabled || node.closest("[hidden]")));
  /** @type {HTMLElement | undefined} */ (first)?.focus({ preventScroll: true });
}

/** A sitting alone has none of the steps of a talk. @param {number} current 1 to 5, 0: no steps */
function showSteps(current) {
  steps.hidden = !current || "alone" in document.body.dataset;
  [...steps.children].forEach((item, index) => {
    item.classList.toggle("done", index + 1 < current);
    if (index + 1 === current) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/** One screen while it is up. */
export class Screen {
  /** @param {string} name @param {number} [step] of the way to a talk; without it the template's, 0: none */
  constructor(name, step) {
    const template = /** @type {HTMLTemplateElement} */ (byId(`screen-${name}`));
    const content = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    /** This screen's own elements: whoever still works on a screen that was replaced touches nothing of the next. */
    this.own = [...content.children];
    main.scrollTop = 0; // before: afterwards it would lay the new screen out, without its words
    main.replaceChildren(content);
    document.body.dataset.screen = name;
    showSteps(step ?? Number(template.dataset.step || 0));
    this.name = name;
    queueMicrotask(() => { if (this.own.some((one) => one.isConnected)) giveFocus(this.own); });
  }

  /** @param {string} selector @returns {any} */
  find(selector) {
    for (const element of this.own) {
      const found = element.matches(selector) ? element : element.querySelector(selector);
      if (found) return found;
    }
    return null;
  }

  /** The element with this data-part. @param {string} name @returns {any} */
  part(name) {
    const node = this.find(`[data-part="${name}"]`);
    if (!node) throw new Error(`screen ${this.name} has no part ${name}`);
    return node;
  }

  /** Words into data-fill places; a place is touched only when its words change. @param {Object<string, string>} words */
  fill(words) {
    for (const [key, text] of Object.entries(words)) {
      const node = this.find(`[data-fill="${key}"]`);
      if (!node) throw new Error(`screen ${this.name} has no place ${key}`);
      if (node.textContent !== text) node.textContent = text;
    }
  }

  /** What the data-do keys do.  A key takes no second press while the first is being done.
   * @param {Object<string, (button: HTMLButtonElement) => any>} actions */
  on(actions) {
    for (const [key, action] of Object.entries(actions)) {
      const button = /** @type {HTMLButtonElement} */ (this.key(key));
      let busy = false;
      button.addEventListener("click", async () => {
        if (busy) return;
        busy = true;
        try {
          await action(button);
        } finally {
          busy = false;
        }
      });
    }
  }

  /** The data-do key. @param {string} name @returns {any} */
  key(name) {
    const node = this.find(`[data-do="${name}"]`);
    if (!node) throw new Error(`screen ${this.name} has no key ${name}`);
    return node;
  }

  /** A banner or hint with this sentence; empty hides it. @param {string} part @param {string} words */
  say(part, words) {
    const node = this.part(part);
    const place = node.querySelector("div, span") || node;
    node.hidden = !words;
    if (place.textContent !== words) place.textContent = words;
  }
}

/** A query code in two groups, easier to copy. @param {string} code */
export function spaced(code) {
  return code.length > 6 ? `${code.slice(0, Math.ceil(code.length / 2))} ${code.slice(Math.ceil(code.length / 2))}` : code;
}
