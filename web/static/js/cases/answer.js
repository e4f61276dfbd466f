// A unit answers a supervision letter (督办函、风险提醒函、问责建议函) in writing, under the letter itself.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { el, icon } from "/static/js/dom.js";
import { toast } from "/static/js/desk/ask.js";
import { Typing } from "/static/js/typed.js";

/** What a unit that owes an answer sees; null for everybody else. @param {any} letter LetterView of server/protocol/flow.py */
export function answering(letter) {
  if (!letter.answer_url) return null;
  const words = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { rows: 3, maxlength: 500, "aria-label": `回复${letter.name} ${letter.number}` }));
  const send = /** @type {HTMLButtonElement} */ (el("button.btn.small", { type: "button" }, icon("send"), "书面回复"));
  send.addEventListener("click", async () => {
    if (!words.value.trim()) {
      words.focus();
      return toast("先写回复的话。", "alert");
    }
    send.disabled = true;
    try {
      await api("POST", letter.answer_url, { text: words.value.trim() });
      await typing.sent();
      location.reload();
    } catch (error) {
      send.disabled = false;
      if (error instanceof ApiError && error.status === 401) return location.assign(logInPath());
      toast(error instanceof ApiError ? error.message : "没有记下，写的还在，再按一次。", "alert");
    }
  });
  const host = el("span.block", {}, words, send), typing = new Typing(host, letter.answer_url);
  host.prepend(typing.note);
  return host;
}
