// Small help for building pages: elements with text, never with HTML from data.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children; `text` and strings become text nodes, so nothing is ever parsed as HTML.
 * @param {string} tag e.g. "p.small.soft"
 * @param {Object<string, any>} [attributes] null and false are left out
 * @param {...(Node|string|null|false|undefined)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(.../** @type {(Node|string)[]} */ (children.filter((child) => child !== null && child !== false && child !== undefined)));
  return node;
}

const SPRITE = "/static/icons.svg";
/** The sprite, once it is here: what is drawn from then on needs no line, which a reference to the file would ask anew each time.
 * @type {Document | null} */
let sprite = null;
let asked = false;

async function fetchSprite() {
  if (asked) return;
  asked = true;
  try {
    const answer = await fetch(SPRITE);
    if (answer.ok) sprite = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  } catch {
    asked = false; // the next icon asks again
  }
}

/** One of the icons in static/icons.svg. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("data-icon", name);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const drawing = sprite?.getElementById(name);
  if (drawing) svg.append(...[...drawing.childNodes].map((node) => document.importNode(node, true)));
  else svg.append(referred(name));
  return svg;
}

/** As long as the sprite is not here. @param {string} name */
function referred(name) {
  void fetchSprite();
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  return use;
}

/** The element with this id; an error if the template has none. @param {string} id */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no element #${id}`);
  return node;
}

/** Words with an icon before them. @param {string} name @param {string} words */
export function worded(name, words) {
  const span = document.createDocumentFragment();
  span.append(icon(name), words);
  return span;
}

/** Shows or hides a banner with this sentence. @param {HTMLElement} banner @param {string} message empty: hide */
export function tell(banner, message) {
  banner.hidden = !message;
  const place = banner.querySelector("div") || banner;
  if (place.textContent !== message) place.textContent = message;
}

const LATE_MS = 400;

/** The page's skeleton (macros.html, waiting) is shown while what it stands for is fetched, if that takes long. @template T @param {Promise<T>} work */
export async function tellFetching(work) {
  const late = setTimeout(() => { byId("skeleton").hidden = false; }, LATE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(late);
    byId("skeleton").hidden = true;
  }
}

/** The object that the server left in the page. @param {string} [id] */
export function pageData(id = "page-data") {
  return JSON.parse(byId(id).textContent || "{}");
}
