// Forms that tell what is wrong beside the field it concerns.
import { ApiError } from "/static/js/api.js";
import { byId, icon, tell } from "/static/js/dom.js";

/** @param {HTMLFormElement} form @returns {Object<string, string>} */
export function values(form) {
  const found = {};
  for (const [name, value] of new FormData(form)) found[name] = String(value);
  return found;
}

/** Writes a sentence under a field, or takes it away. @param {HTMLFormElement} form @param {string} name @param {string} message empty: take away */
export function mark(form, name, message) {
  const input = form.elements.namedItem(name);
  if (!(input instanceof HTMLElement)) return;
  const place = form.querySelector(`[id="${input.id}-error"]`);
  input.setAttribute("aria-invalid", message ? "true" : "false");
  if (!(place instanceof HTMLElement)) return;
  place.hidden = !message;
  place.replaceChildren(...(message ? [icon("alert"), message] : []));
}

/** Marks all wrong fields and goes to the first. @param {HTMLFormElement} form @param {Object<string, string>} wrong name → sentence */
export function markAll(form, wrong) {
  for (const input of form.querySelectorAll("[name]")) {
    const name = input.getAttribute("name") || "";
    mark(form, name, wrong[name] || "");
  }
  const first = form.querySelector('[aria-invalid="true"]');
  if (first instanceof HTMLElement) first.focus();
  return Object.keys(wrong).length === 0;
}

/**
 * Sends a form once per press; while it is under way the button cannot be pressed again.
 * @param {HTMLFormElement} form
 * @param {(fields: Object<string, string>) => Object<string, string>} check name → what is wrong
 * @param {(fields: Object<string, string>) => Promise<void>} act may throw ApiError
 * @param {HTMLElement} [trouble] banner for what concerns no single field
 */
export function onSend(form, check, act, trouble = byId("trouble")) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('[type="submit"]'));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell(trouble, "");
    const fields = values(form);
    if (button.disabled || !markAll(form, check(fields))) return;
    button.disabled = true;
    try {
      await act(fields);
    } catch (error) {
      failed(form, error, trouble);
    } finally {
      button.disabled = false;
    }
  });
}

/** Tells an error beside the fields it names, else in the banner. @param {HTMLFormElement} form @param {unknown} error @param {HTMLElement} trouble */
function failed(form, error, trouble) {
  const sentence = error instanceof ApiError ? said(error) : "这一步没办成，请刷新再试。";
  const fields = error instanceof ApiError && error.details.fields ? error.details.fields : {};
  const known = Object.entries(fields).filter(([name]) => form.elements.namedItem(name));
  if (known.length) markAll(form, Object.fromEntries(known));
  else tell(trouble, sentence);
}

/** @param {ApiError} error */
export function said(error) {
  return error.reference ? `${error.message}　报修时说这个号：${error.reference}` : error.message;
}

/** Sentence for a required field, "" when filled. @param {string} value @param {string} what @param {number} [least] */
export function required(value, what, least = 1) {
  const length = value.trim().length;
  if (length === 0) return `请填${what}`;
  return length < least ? `${what}至少 ${least} 位，还差 ${least - length} 位` : "";
}

/** Keeps only what is wrong. @param {Object<string, string>} found */
export function wrongOnly(found) {
  return Object.fromEntries(Object.entries(found).filter(([, message]) => message));
}
