// What is told during a talk, on a telephone: one line of it below the pictures (room.css); a touch opens all.
import { el } from "/static/js/dom.js";

/** @param {HTMLElement} place with the banners, the most important first @param {AbortSignal} signal when the talk is over */
export function strip(place, signal) {
  const more = /** @type {HTMLButtonElement} */ (el("button.more", { type: "button", hidden: true, "aria-controls": place.id }));
  place.append(more);
  const draw = () => offer(place, more);
  more.addEventListener("click", () => { place.toggleAttribute("data-open"); draw(); });
  const told = new MutationObserver(draw);
  told.observe(place, { subtree: true, childList: true, characterData: true, attributeFilter: ["hidden"] });
  const width = new ResizeObserver(draw);
  width.observe(place);
  signal.addEventListener("abort", () => { told.disconnect(); width.disconnect(); more.remove(); });
}

/** Changes only what is another than before: this is asked after every change. @param {HTMLElement} place @param {HTMLButtonElement} more */
function offer(place, more) {
  const told = /** @type {HTMLElement[]} */ ([...place.querySelectorAll(":scope > .banner:not([hidden])")]);
  if (!told.length) place.removeAttribute("data-open");
  const open = place.hasAttribute("data-open");
  const words = open ? "收起" : told.length > 1 ? `还有 ${told.length - 1} 条` : "看全";
  const wanted = open || told.length > 1 || told.some(cut);
  if (more.hidden === wanted) more.hidden = !wanted;
  if (more.textContent !== words) more.textContent = words;
  if (more.getAttribute("aria-expanded") !== String(open)) more.setAttribute("aria-expanded", String(open));
}

/** @param {HTMLElement} banner */
function cut(banner) {
  const words = banner.querySelector("div");
  return Boolean(words) && /** @type {HTMLElement} */ (words).scrollWidth > /** @type {HTMLElement} */ (words).clientWidth;
}
