// The steps at the top of the correction page: hand over, open again, note a refusal, file.

import { api } from "/static/js/api.js";
import { ask, askReason } from "/static/js/desk/ask.js";
import { otherWays } from "/static/js/desk/handover.js";
import { noteRefusal, showSignatures } from "/static/js/desk/signatures.js";
import { el, icon } from "/static/js/dom.js";

/** @param {string} words @param {string} kind @param {string} drawing @param {() => void} act */
function button(words, kind, drawing, act) {
  const node = el(`button.btn${kind ? `.${kind}` : ""}`, { type: "button" }, icon(drawing), words);
  node.addEventListener("click", act);
  return node;
}

/** Says in one button what is missing; pressed, it says all of it. @param {string[]} missing */
function blocked(missing) {
  const words = missing.length > 1 ? `还差 ${missing.length} 件` : missing[0].replace(/[。．.]$/, "");
  const node = el("button.btn.missing", { type: "button", "aria-disabled": "true", id: "confirm", title: missing.join("\n") }, words);
  node.addEventListener("click", () => ask({
    title: "交给群众之前，还差这些",
    body: [el("ol.missing-list", {}, ...missing.map((sentence) => el("li", {}, sentence)))],
    buttons: [{ value: "", words: "知道了", kind: "primary" }],
  }));
  return node;
}

/**
 * Buttons for what this actor may do with the record in its state.
 * @param {any} record @param {{isClerk: boolean, left: () => Promise<number>, run: (step: () => Promise<any>) => void}} page
 */
export function stepButtons(record, page) {
  if (!page.isClerk) return [...signatureButton(record, page), ...(record.case_id ? [caseLink(record)] : [])];
  const path = `/api/records/${record.id}`;
  if (record.state === "draft" || record.state === "correcting") {
    if (!record.may_confirm) return record.blocked_by.length ? [blocked(record.blocked_by)] : [];
    const hand = button("交给群众核对", "primary", "send", () => page.run(() => confirm(record, page.left)));
    hand.id = "confirm";
    return [hand];
  }
  if (record.state === "confirmed") return [button("给群众看", "", "papers", () => page.run(() => otherWays(record))), reopenButton(record, page), button("记下不签的原因", "", "edit", () => page.run(() => noteRefusal(record))), ...signatureButton(record, page)];
  if (record.may_file) return [...signatureButton(record, page), reopenButton(record, page), button("归档", "primary", "papers", () => page.run(() => api("POST", `${path}/file`)))];
  return record.case_id ? [...signatureButton(record, page), caseLink(record)] : [];
}

const SIGNABLE = ["confirmed", "signed", "refused", "filed"];

/** Who signed, and one's own signature. @param {any} record @param {{run: (step: () => Promise<any>) => void}} page */
function signatureButton(record, page) {
  return SIGNABLE.includes(record.state) ? [button("签名", "", "sign", () => page.run(() => showSignatures(record.id)))] : [];
}

/** @param {any} record */
function caseLink(record) {
  return el("a.btn.primary", { href: `/cases/${record.case_id}` }, icon("papers"), "看信访事项");
}

/** @param {any} record @param {{run: (step: () => Promise<any>) => void}} page */
function reopenButton(record, page) {
  return button("重新打开", "", "refresh", () => page.run(() => reopen(record)));
}

/** @param {any} record @param {() => Promise<number>} unheard */
async function confirm(record, unheard) {
  const left = await unheard();
  const promises = record.promises.filter((/** @type {any} */ one) => one.state === "heard").length;
  const note = left ? `还有 ${left} 处要紧处没有听过。可以先听，也可以现在就交。` : "要紧处都听过了。";
  const answer = await ask({
    title: "交给群众核对？",
    body: [el("p", {}, note),
      promises ? el("p.unsettled", {}, `领导答复还有 ${promises} 条没有核对，现在交，这 ${promises} 条不写进记录，群众看不到。`) : "",
      el("p.soft", {}, "交出去以后，群众在终端上一句一句看、听，没有错就签字。说不对的，会退回来再改。")],
    buttons: [{ value: "yes", words: "交给群众核对", kind: "primary" }, { value: "", words: "先不交" }],
  });
  return answer ? api("POST", `/api/records/${record.id}/confirm`) : null;
}

/** @param {any} record */
function reopen(record) {
  return askReason({
    title: "重新打开来改", explain: "群众那边会先停下。改好再交一次，群众再看、再签；签过的那一版留着。", words: "重新打开",
    usual: ["群众当面说有一处不对", "登记表还有一栏没填", "有一句听错了"],
    what: `reopen ${record.id}`,
    send: (reason) => api("POST", `/api/records/${record.id}/reopen`, { reason }),
  });
}
