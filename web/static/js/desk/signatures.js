// Who signed which version, and the leader's or recorder's own signature under it.

import { ApiError, api } from "/static/js/api.js";
import { ask, attempt, toast, usualWords } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { SignaturePad } from "/static/js/kiosk/pad.js";
import { stampName, stampWords } from "/static/js/timestamps.js";

const AS = { receiver: "接谈人", recorder: "记录人" };

/** @param {string} recordId @returns {Promise<boolean>} whether something was signed */
export async function showSignatures(recordId) {
  const path = `/api/records/${recordId}/signatures`;
  const now = await api("GET", path);
  const as = AS[/** @type {keyof typeof AS} */ (now.may_sign_as)];
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { "aria-label": "在这里签名" }));
  const clear = el("button.btn.small", { type: "button" }, "重写");
  /** @type {SignaturePad | undefined} */
  let pad;
  const answer = await ask({
    title: "签名",
    wide: true,
    body: [list(now), ...(as ? [el("h3", {}, `您在“${as}”一栏签名`), el("p.small.soft", {}, "签的就是信访人看的这一版。用笔、手指或者鼠标写；也可以不写，用登录的账号确认。"), el("div.sign-here", {}, canvas), el("div.row", {}, clear)] : [])],
    buttons: [...(as ? [{ value: "draw", words: "签好了", kind: "primary" }, { value: "confirm", words: "不写，用账号确认" }] : []), { value: "", words: "关上" }],
    ready: (dialog) => {
      if (!as) return;
      pad = new SignaturePad(canvas, () => { draw.disabled = !pad?.signed; });
      const draw = /** @type {HTMLButtonElement} */ (dialog.querySelector('button[value="draw"]'));
      draw.disabled = true;
      clear.addEventListener("click", () => pad?.clear());
    },
  });
  const drawn = pad?.drawn;
  pad?.close();
  if (!answer) return false;
  const body = answer === "draw" ? { ...drawn, sha256: now.sha256 } : { sha256: now.sha256 };
  try {
    await api("POST", path, body);
    toast("签上了");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    await ask({ title: "没有签上", body: [el("p", {}, error.message)], buttons: [{ value: "", words: "知道了", kind: "primary" }] });
    return false;
  }
}

/** @param {any} now */
function list(now) {
  const present = now.signatures.filter((/** @type {any} */ one) => one.present);
  const earlier = now.signatures.filter((/** @type {any} */ one) => !one.present);
  const rows = [...present.map((/** @type {any} */ one) => el("li", {}, one.words, one.clip_url ? el("a.link", { href: one.clip_url, target: "_blank" }, "　看签名时的录像") : null)), ...now.waiting.map((/** @type {string} */ name) => el("li.mute", {}, `${name} 还没有签`))];
  const old = earlier.length ? [el("details", {}, el("summary", {}, `以前几版上的 ${earlier.length} 个，都留着`), el("ul", {}, ...earlier.map((/** @type {any} */ one) => el("li", {}, one.words))))] : [];
  const stamps = now.timestamps.map((/** @type {any} */ one) => el("p.small.soft", {}, `${stampName(one)}：${stampWords(one)}`));
  return el("div.stack.g2", {}, rows.length ? el("ul.signatures", {}, ...rows) : el("p", {}, "现在这一版还没有人签。"), ...stamps, ...old);
}

const USUAL = ["本人说有别的意见，没有说是哪一句", "本人有事先走了", "本人不愿意签字，没有说原因"];

/** @param {HTMLElement} input @param {string} label */
const field = (input, label) => el("div.field", {}, el("label", { for: input.id }, label), input);

/** Which of the readers who have not signed yet is meant; asked only where there are several. @param {string} recordId */
export async function whoIsLeft(recordId) {
  const { waiting } = await api("GET", `/api/records/${recordId}/signatures`);
  const choice = /** @type {HTMLSelectElement} */ (el("select.input", { id: "whom" }, ...waiting.map((/** @type {string} */ name) => el("option", { value: name }, name))));
  return { choice, nodes: waiting.length > 1 ? [field(choice, "是哪一位")] : [] };
}

/** A clerk has the printed sheet that somebody signed. @param {string} recordId @returns {Promise<boolean>} whether it was noted */
export async function notePaper(recordId) {
  const whom = await whoIsLeft(recordId);
  const check = /** @type {HTMLInputElement} */ (el("input.input.num", { id: "sheet-check", maxlength: 19, autocomplete: "off", spellcheck: "false" }));
  const answer = await ask({
    title: "纸上签好了",
    body: [el("p", {}, "照签了名的那张核对单填校验码，证明签的就是现在这一版。纸收进案卷。"), el("p", {}, "上面勾了“不对”的，不要记：先照着改，重新打印，请本人再看、再签。"), ...whom.nodes, field(check, "核对单每一页下面的校验码，填前 4 位就行")],
    buttons: [{ value: "yes", words: "签好了，记上", kind: "primary" }, { value: "", words: "先不" }],
    ready: () => check.focus(),
    act: async () => {
      if (!/^[0-9a-f]{4,16}$/i.test(check.value.replace(/\s/g, ""))) return "校验码是数字和 A 到 F 的字母，至少填前 4 位。";
      return attempt(() => api("POST", `/api/records/${recordId}/paper-signature`, { whom: whom.choice.value, check: check.value }));
    },
  });
  return Boolean(answer);
}

/** A clerk writes down that somebody does not sign, or cannot. @param {any} record @returns {Promise<boolean>} whether it was noted */
export async function noteRefusal(record) {
  const whom = await whoIsLeft(record.id);
  const way = /** @type {HTMLSelectElement} */ (el("select.input", { id: "refusal-way" }, el("option", { value: "refused" }, "不愿意签"), el("option", { value: "unable" }, "不能签")));
  const reason = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "reason", rows: 2, maxlength: 300 }));
  const witness = /** @type {HTMLInputElement} */ (el("input.input", { id: "refusal-witness", maxlength: 50, autocomplete: "off" }));
  const answer = await ask({
    title: "没有签名，记下原因",
    body: [el("p", {}, "不签也行，如实记上，事情照样办。不能签的，要有一位见证人。"), ...whom.nodes, field(way, "不签还是不能签"), field(reason, "原因"), usualWords(reason, USUAL), field(witness, "见证人（不能签的必须写）")],
    buttons: [{ value: "yes", words: "记上", kind: "primary" }, { value: "", words: "先不" }],
    ready: () => reason.focus(),
    keep: { what: `refusal ${record.id}` },
    act: async () => {
      const said = { whom: whom.choice.value, way: way.value, reason: reason.value.trim(), witness: witness.value.trim() };
      if (!said.reason) return "请写一句原因。";
      if (said.way === "unable" && !said.witness) return "不能签的，要写见证人是谁。";
      return attempt(() => api("POST", `/api/records/${record.id}/refusal`, said));
    },
  });
  return Boolean(answer);
}
