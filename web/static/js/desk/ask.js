// Small dialogs: a question, a reason, two texts to choose from.

import { ApiError } from "/static/js/api.js";
import { el, icon } from "/static/js/dom.js";
import { Typing } from "/static/js/typed.js";

/**
 * Shows a dialog until one of its buttons is pressed.
 * @param {{title: string, body?: (Node|string)[], buttons: {value: string, words: string, kind?: string}[], wide?: boolean, ready?: (dialog: HTMLDialogElement) => void, act?: (value: string) => Promise<string>, keep?: {what: string, typed?: () => any, restore?: (values: any) => void}}} options
 * act: what a button with a value does; the sentence it comes back with is shown and the dialog stays open, "": done
 * keep: what is typed stays on the disk under this name until a button with a value was pressed and it went well, or it is given up
 * @returns {Promise<string>} value of the button; "" when it was closed
 */
export function ask({ title, body = [], buttons, wide = false, ready, act, keep }) {
  const trouble = el("p.bad.trouble", { role: "alert", hidden: true });
  const inside = el("div.body.stack.g3", {}, ...body);
  const typing = keep ? new Typing(inside, keep.what, keep) : null;
  if (typing) inside.prepend(typing.note);
  const form = /** @type {HTMLFormElement} */ (el("form", { method: "dialog", novalidate: Boolean(act) },
    el("header", {}, el("h2", {}, title)),
    inside,
    trouble,
    el("footer", {}, ...buttons.map((b) => el(`button.btn${b.kind ? `.${b.kind}` : ""}`, { value: b.value, formnovalidate: b.value === "" }, b.words)))));
  const dialog = /** @type {HTMLDialogElement} */ (el(`dialog.dialog${wide ? ".wide-dialog" : ""}`, { "aria-label": title }, form));
  document.body.append(dialog);
  if (act) form.addEventListener("submit", (event) => acting(event, dialog, trouble, act));
  form.addEventListener("keydown", pressFirst);
  dialog.showModal();
  ready?.(dialog);
  return new Promise((done) => {
    dialog.addEventListener("close", async () => {
      dialog.remove();
      if (dialog.returnValue) await typing?.sent();
      done(dialog.returnValue);
    }, { once: true });
  });
}

/** Ctrl+Enter in a field is the first button at the foot. @param {KeyboardEvent} event */
function pressFirst(event) {
  const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (!field || event.defaultPrevented || event.key !== "Enter" || !event.ctrlKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  /** @type {HTMLButtonElement | null | undefined} */ (event.target.closest("form")?.querySelector("footer button:not([value=''])"))?.click();
}

/** Does what the button says and closes only if that went well. @param {SubmitEvent} event @param {HTMLDialogElement} dialog @param {HTMLElement} trouble @param {(value: string) => Promise<string>} act */
async function acting(event, dialog, trouble, act) {
  const pressed = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (!pressed?.value) return;
  event.preventDefault();
  if (pressed.disabled) return;
  pressed.disabled = true;
  const problem = await act(pressed.value).finally(() => { pressed.disabled = false; });
  trouble.hidden = !problem;
  trouble.replaceChildren(...(problem ? [icon("alert"), problem] : []));
  if (!problem) dialog.close(pressed.value);
}

/**
 * What there is to say when sending went wrong; "": it went well.
 * @param {() => Promise<any>} send @param {() => Promise<any>} [late] somebody else was quicker: what is sent next goes by what they did
 * @returns {Promise<string>}
 */
export async function attempt(send, late) {
  try {
    await send();
    return "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 409) await late?.();
    return error.message;
  }
}

/** Usual words for a field, each taken with one press. @param {HTMLInputElement | HTMLTextAreaElement} input @param {string[]} usual */
export function usualWords(input, usual) {
  return el("div.row.wrap.g2", {}, ...usual.map((words) => {
    const chip = el("button.btn.small", { type: "button" }, words);
    chip.addEventListener("click", () => { input.value = words; input.dispatchEvent(new Event("input", { bubbles: true })); input.focus(); });
    return chip;
  }));
}

/**
 * Asks for a reason and gives it on; the dialog stays until that went well.
 * @param {{title: string, explain: string, usual?: string[], words: string, danger?: boolean, most?: number, what: string, send: (reason: string) => any}} options
 * what: names the dialog, as `keep` of `ask`
 * @returns {Promise<boolean>} whether a reason was given
 */
export async function askReason({ title, explain, usual = [], words, danger = false, most = 500, what, send }) {
  const input = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "reason", rows: 2, maxlength: most }));
  const answer = await ask({
    title,
    body: [el("p", {}, explain), el("div.field", {}, el("label", { for: "reason" }, "原因"), input), usualWords(input, usual)],
    buttons: [{ value: "yes", words, kind: danger ? "danger" : "primary" }, { value: "", words: "先不" }],
    ready: () => input.focus(),
    keep: { what },
    act: async () => (input.value.trim() ? attempt(async () => send(input.value.trim())) : "请写一句原因。"),
  });
  return Boolean(answer);
}

/** Somebody is typing when the dialog comes: the next Space or Enter must press none of its buttons. @param {HTMLDialogElement} dialog */
function awaitHand(dialog) {
  dialog.tabIndex = -1;
  dialog.focus();
}

/** Two texts of one place: which shall stand?
 * @param {{who: string, theirs: string, mine: string}} texts
 * @returns {Promise<"mine" | "theirs" | "">} */
export async function askWhich({ who, theirs, mine }) {
  const side = (/** @type {string} */ words, /** @type {string} */ text, /** @type {string} */ key) =>
    el("div.choice", { "data-side": key }, el("b.small", {}, words), el("p", {}, text || "（空着）"));
  const answer = await ask({
    title: "这一处两个人都改了",
    wide: true,
    body: [el("p", {}, "两边的字都在，选哪一个都会记在修改历史里。"), side(`现在写着的${who ? `（${who}改的）` : ""}`, theirs, "theirs"), side("您写的", mine, "mine")],
    buttons: [{ value: "mine", words: "用我写的", kind: "primary" }, { value: "theirs", words: "用现在写着的" }],
    ready: awaitHand,
  });
  return /** @type {any} */ (answer);
}

/** A short word at the foot of the page about what was just done. @param {string} words @param {string} [drawing] */
export function toast(words, drawing = "check") {
  document.querySelector(".toast")?.remove();
  const note = el("div.toast", { role: "status" }, icon(drawing), words);
  document.body.append(note);
  setTimeout(() => note.remove(), 4000);
}
