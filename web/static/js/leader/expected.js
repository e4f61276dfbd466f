// Who was booked for today and has not sat down yet, on the leader's first page.
import { api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";

const BADGES = { ahead: ["line", "clock"], late: ["warn", "clock"], missed: ["warn", "alert"], here: ["ok", "check"], no_show: ["line", "cross"] };

/** @type {any[]} ExpectedPerson of server/protocol/bookings.py */
let expected = [];
let shown = "";

/** Asks anew; an error is for the caller. */
export async function loadExpected() {
  ({ expected } = await api("GET", "/api/bookings/today"));
}

/** @param {any} one */
function item(one) {
  const [tone, drawing] = BADGES[/** @type {keyof typeof BADGES} */ (one.standing)];
  const way = one.on_site && one.standing !== "no_show" ? el("a.btn.small", { href: `/on-site?booking=${one.booking_id}` }, icon("mic"), "当面谈") : null;
  return el("li.booked", { "data-booking": one.booking_id, "data-standing": one.standing }, el("span.no.num", {}, one.begins),
    el("span.stack.g1", {}, el(`span.badge.${tone}`, {}, icon(drawing), one.standing_words), el("b", {}, one.matter),
      el("span.small.soft", {}, `${one.name}　${one.kind_words}，${one.where}　`, el("span.nb", {}, `约的 ${one.time}`), byId("expected").dataset.role === "leader" ? null : `　${one.leader}`)), way);
}

export function drawExpected() {
  const now = JSON.stringify(expected);
  if (now === shown) return;
  shown = now;
  const left = expected.filter((one) => one.standing !== "no_show").length;
  byId("expected-part").hidden = expected.length === 0;
  byId("expected-count").hidden = left === 0;
  byId("expected-count").textContent = `还有 ${left} 位`;
  byId("expected").replaceChildren(...[true, false].flatMap((comes) => expected.filter((one) => (one.standing !== "no_show") === comes)).map(item));
}
