// On the list of records: whether colleagues found something in records that this clerk corrected.

import { api } from "/static/js/api.js";
import { byId, el } from "/static/js/dom.js";

const banner = byId("returned-findings");

async function look() {
  const { unseen } = await api("GET", "/api/reviews");
  banner.hidden = !unseen;
  banner.querySelector("div")?.replaceChildren(`评查有 ${unseen} 条意见给您。　`, el("a.link", { href: "/reviews" }, "去看"));
}

// The list is of use without it: what cannot be had is left out, and looked for again with the next visit.
look().catch(() => {});
