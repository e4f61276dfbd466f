// What is known about a reception before and while it runs.
import { ApiError, api } from "/static/js/api.js";
import { el } from "/static/js/dom.js";
import { chineseDay, clockTime } from "/static/js/time.js";

const CONSENT = { audio_video: "同意录音录像", audio_only: "只录音，不录像" };

/** @param {{matter: string}} row */
export function matterOf(row) {
  return row.matter || "没有先说是什么事";
}

/** How long somebody has waited. @param {{waiting_minutes: number}} row */
export function waited(row) {
  return row.waiting_minutes < 1 ? "刚到" : `等了 ${row.waiting_minutes} 分钟`;
}

/** @param {string} title @param {...(Node|string)} parts */
function part(title, ...parts) {
  return el("div", {}, el("h3", {}, title), el("p", {}, ...parts));
}

/** Who, what, since when; `consent` only where the whole reception is known. @param {any} reception */
export function facts(reception) {
  const since = `${clockTime(reception.asked_at)}${reception.state === "waiting" ? `，${waited(reception)}` : ""}`;
  const list = [part("是谁", `${reception.petitioner}，在${reception.kiosk}`), part("什么事", matterOf(reception)), part("几点到的", since)];
  if (reception.consent) list.push(part("录音录像", CONSENT[reception.consent] || ""));
  return list;
}

/** @param {any} before */
function earlierItem(before) {
  const by = before.receiver ? `　${before.receiver}` : "";
  return el("li", {}, el("b.nb", {}, chineseDay(before.asked_at)), el("span", {}, matterOf(before), by));
}

/** Receptions of the same person before this one. @param {any} reception */
export function earlier(reception) {
  const items = reception.earlier.map(earlierItem);
  return el("div", {}, el("h3", {}, "以前谈过的"), items.length ? el("ol.past", {}, ...items) : el("p.small.soft", {}, "这里没有以前的接谈。"));
}

/** Earlier matters of the same person and like ones, with where they stand; comes by itself when the office has looked. @param {string} id of the reception */
export function matters(id) {
  const list = el("ol.past", { "aria-busy": "true" }, el("li.small.soft", {}, "正在找。"));
  const fill = (/** @type {HTMLElement[]} */ ...items) => { list.removeAttribute("aria-busy"); list.replaceChildren(...items); };
  api("GET", `/api/receptions/${id}/alike`).then(({ alike }) => fill(...(alike.length ? alike.slice(0, 4).map(matter) : [el("li.small.soft", {}, "没有找到以前的信访事项。")])))
    .catch((error) => {
      if (!(error instanceof ApiError)) throw error;
      fill(el("li.small.soft", {}, "以前的信访事项暂时查不到。"));
    });
  return el("div", {}, el("h3", {}, "以前的信访事项"), list);
}

/** @param {any} one */
function matter(one) {
  const who = one.same_person ? "同一个人" : one.strength_words;
  return el("li", {}, el("b.nb", {}, `${one.received_on}　${who}`), el("a", { href: `/cases/${one.case_id}`, target: "_blank" }, one.title), el("span.small.soft", {}, `${one.state}${one.unit ? `　${one.unit}` : ""}`));
}
