// How what was handed over gets to its reader: the kiosk opened again, a link for somebody's own telephone, a sheet of paper.

import { ApiError, api } from "/static/js/api.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { notePaper, whoIsLeft } from "/static/js/desk/signatures.js";
import { clockTime } from "/static/js/time.js";

/** @param {string} id @param {string} label @param {Object<string, any>} attributes @param {string} [hint] */
function field(id, label, attributes, hint = "") {
  const input = /** @type {HTMLInputElement} */ (el("input.input", { id, autocomplete: "off", ...attributes }));
  return { input, node: el("div.field", {}, el("label", { for: id }, label), input, el("span.hint", {}, hint)) };
}

/** @param {any} record @returns {Promise<boolean>} whether somebody signed */
export async function otherWays(record) {
  const whom = await whoIsLeft(record.id);
  const digits = field("link-digits", "这个人手机号的最后 4 位", { maxlength: 4, inputmode: "numeric", pattern: "\\d{4}" }, "本人的可以空着，用登记的手机号");
  const answer = await ask({
    title: "给群众看",
    body: [
      el("p", {}, "在终端上看：终端没人按键就会锁上，要报手机号后四位才打得开。"),
      el("p", {}, "用自己的手机看、签：给他一个链接和查看码，打开时还要填手机号最后 4 位。只打得开这一份，过两小时自己失效；再给一个，前一个就不能用了。"),
      ...whom.nodes, digits.node,
      el("p", {}, "在纸上看、签：", el("a.link", { href: `/desk/${record.id}/sheet`, target: "_blank" }, "打印核对单"), "，签好了按“纸上签好了”。"),
    ],
    buttons: [{ value: "link", words: "给一个链接", kind: "primary" }, { value: "unlock", words: "打开终端" }, { value: "paper", words: "纸上签好了" }, { value: "", words: "不用了" }],
  });
  if (answer === "paper") return notePaper(record.id);
  if (answer === "unlock") await unlock(record.reception_id);
  if (answer === "link") await showLink(record, { whom: whom.choice.value, phone_last4: digits.input.value });
  return false;
}

/** @param {any} record @param {{whom: string, phone_last4: string}} asked */
async function showLink(record, asked) {
  try {
    const link = await api("POST", `/api/records/${record.id}/links`, asked);
    const url = el("input.input", { readonly: true, value: link.url, "aria-label": "链接", id: "link-url" });
    await ask({
      title: `给${link.whom}的链接`,
      body: [
        el("p", {}, "把链接发给他，或者念给他：打开 ", el("b", {}, link.url.replace(/\/[^/]*$/, "")), "，填查看码。"), url,
        el("dl.kv", {}, el("dt", {}, "查看码"), el("dd", {}, el("b.num", { id: "link-code" }, `${link.code.slice(0, 5)} ${link.code.slice(5)}`)),
          el("dt", {}, "手机号最后 4 位"), el("dd", {}, link.phone_last4), el("dt", {}, "能用到"), el("dd", {}, clockTime(link.expires_at))),
        el("p.small.soft", {}, "查看码只显示这一次。链接和后 4 位不要发在同一条短信里。"),
      ],
      buttons: [{ value: "", words: "知道了", kind: "primary" }],
      ready: () => /** @type {HTMLInputElement} */ (url).select(),
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    await ask({ title: "没有给成", body: [el("p", {}, error.message)], buttons: [{ value: "", words: "知道了", kind: "primary" }] });
  }
}

/** A kiosk that asks for the phone's last digits is opened by whoever sees who sits there. @param {string} receptionId */
async function unlock(receptionId) {
  const sure = await ask({
    title: "打开终端给群众看？",
    body: [el("p", {}, "本人报不上手机号后四位的，请当面认清是本人，再打开。")],
    buttons: [{ value: "yes", words: "是本人，打开", kind: "primary" }, { value: "", words: "先不打开" }],
  });
  if (!sure) return;
  try {
    await api("POST", `/api/receptions/${receptionId}/unlock`);
    toast("终端打开了");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message, "alert");
  }
}
