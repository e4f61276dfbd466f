// 语音自助登记: what somebody alone left beside the recording: how it ended, what is missing, their signature.
import { ApiError, api } from "/static/js/api.js";
import { ask } from "/static/js/desk/ask.js";
import { el } from "/static/js/dom.js";
import { chineseMoment } from "/static/js/time.js";

/** @type {string} the record whose banner is up */
let shown = "";

/** Fills the banner of a record that came from a sitting alone. @param {HTMLElement} banner @param {any} record */
export async function showAlone(banner, record) {
  if (shown === record.id) return;
  shown = record.id;
  if (!record.form.some((/** @type {any} */ one) => one.field === "form_of_visit" && one.value === "alone")) return;
  try {
    const sitting = await api("GET", `/api/records/${record.id}/alone`);
    const more = el("button.btn.small", { type: "button" }, "小结、签名");
    more.addEventListener("click", () => ask({ title: `自助登记 ${sitting.number}`, wide: true, body: inside(sitting), buttons: [{ value: "", words: "关上", kind: "primary" }] }));
    const missing = sitting.missing.length ? sitting.missing.join("") : sitting.ending;
    banner.querySelector("div")?.replaceChildren(el("b", {}, "本人对着机器说的，没有人在场。"), missing, " ", more);
    banner.className = `banner ${sitting.missing.length ? "warn" : "info"}`;
    banner.hidden = false;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    shown = ""; // asked again with the next look at the record
  }
}

/** @param {any} sitting */
function inside(sitting) {
  const signed = sitting.signature ? [el("p", {}, `${sitting.signed_name} ${chineseMoment(sitting.signed_at)}签名：`), el("p", {}, el("img", { src: sitting.signature, alt: "签名", height: "120" }))] : [el("p.mute", {}, "没有签名。")];
  return [
    el("p.soft", {}, `${chineseMoment(sitting.arrived_at)}送到。${sitting.agreed_at ? `看过说明（${sitting.notice} 版），${chineseMoment(sitting.agreed_at)}同意。` : ""}`),
    ...(sitting.summary ? [el("h3", {}, "签名时屏幕上的小结"), el("p", { style: "white-space: pre-line" }, sitting.summary)] : []),
    ...signed,
  ];
}
