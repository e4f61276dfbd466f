// Words of the record go into a field: which one?  One letter answers; nothing here is a text field, so that letters do
// not go to an input method.

import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
/** What the office writes itself comes last. */
const LAST = new Set(["visit_time", "place", "form_of_visit", "received_by"]);

/**
 * @param {Iterable<any>} values the form's fields @param {string} said
 * @returns {Promise<string>} the field; "" when none was chosen
 */
export function chooseField(values, said) {
  const fields = [...values].sort((a, b) => Number(LAST.has(a.field)) - Number(LAST.has(b.field)));
  const keys = new Map(fields.map((value, i) => [LETTERS[i], value.field]));
  const buttons = fields.map((value, i) => el("button.btn.small", { value: value.field, title: value.value || "空着" },
    el("span.kbd", {}, LETTERS[i].toUpperCase()), el("span", {}, value.label), value.value ? el("span.mute", {}, "已填") : null));
  return ask({
    title: "放进登记表的哪一栏？",
    wide: true,
    body: [el("p.kept", {}, `“${said}”`), el("div.to-field", { role: "group", "aria-label": "登记表的栏目" }, ...buttons)],
    buttons: [{ value: "", words: "先不放" }],
    ready: (dialog) => {
      buttons[0]?.focus();
      dialog.addEventListener("keydown", (event) => {
        const field = event.ctrlKey || event.altKey || event.metaKey || event.isComposing ? "" : keys.get(event.key.toLowerCase());
        if (!field) return;
        event.preventDefault();
        dialog.close(field);
      });
    },
  });
}
