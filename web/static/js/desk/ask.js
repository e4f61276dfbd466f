// Small dialogs: a question, a reason, two texts to choose from.

import { el, icon } from "/static/js/dom.js";

/**
 * Shows a dialog until one of its buttons is pressed.
 * @param {{title: string, body?: (Node|string)[], buttons: {value: string, words: string, kind?: string}[], wide?: boolean, ready?: (dialog: HTMLDialogElement) => void, act?: (value: string) => Promise<string>}} options
 * act: what a button with a value does; the sentence it comes back with is shown and the dialog stays open, "": done
 * @returns {Promise<string>} value of the button; "" when it was closed
 */
export function ask({ title, body = [], buttons, wide = false, ready, act }) {
  const trouble = el("p.bad.trouble", { role: "alert", hidden: true });
  const form = /** @type {HTMLFormElement} */ (el("form", { method: "dialog", novalidate: Boolean(act) },
    el("header", {}, el("h2", {}, title)),
    el("div.body.stack.g3", {}, ...body),
    trouble,
    el("footer", {}, ...buttons.map((b) => el(`button.btn${b.kind ? `.${b.kind}` : ""}`, { value: b.value, formnovalidate: b.value === "" }, b.words)))));
  const dialog = /** @type {HTMLDialogElement} */ (el(`dialog.dialog${wide ? ".wide-dialog" : ""}`, { "aria-label": title }, form));
  document.body.append(dialog);
  if (act) form.addEventListener("submit", (event) => acting(event, dialog, trouble, act));
  dialog.showModal();
  ready?.(dialog);
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue);
    }, { once: true });
  });
}

/** Does what the button says and closes only if that went well. @param {SubmitEvent} event @param {HTMLDialogElement} dialog @param {HTMLElement} trouble @param {(value: string) => Promise<string>} act */
async function acting(event, dialog, trouble, act) {
  const pressed = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (!pressed?.value) return;
  event.preventDefault();
  if (pressed.disabled) return;
  pressed.disabled = true;
  const problem = await act(pressed.value);
  pressed.disabled = false;
  trouble.hidden = !problem;
  trouble.replaceChildren(...(problem ? [icon("alert"), problem] : []));
  if (!problem) dialog.close(pressed.value);
}

/**
 * Asks for a reason; a few usual ones can be taken with one press.
 * @param {{title: string, explain: string, usual?: string[], words: string, danger?: boolean, most?: number}} options
 * @returns {Promise<string>} the reason; "" when it was given up
 */
export async function askReason({ title, explain, usual = [], words, danger = false, most = 500 }) {
  const input = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "reason", rows: 2, maxlength: most, required: true }));
  const chips = usual.map((reason) => el("button.btn.small", { type: "button" }, reason));
  chips.forEach((chip) => chip.addEventListener("click", () => { input.value = chip.textContent || ""; input.focus(); }));
  const answer = await ask({
    title,
    body: [el("p", {}, explain), el("div.field", {}, el("label", { for: "reason" }, "原因"), input), el("div.row.wrap.g2", {}, ...chips)],
    buttons: [{ value: "yes", words, kind: danger ? "danger" : "primary" }, { value: "", words: "先不" }],
    ready: () => input.focus(),
  });
  return answer ? input.value.trim() : "";
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
