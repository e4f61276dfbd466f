// A notice on the own first page: somebody asks for this account in a reception, and the way in.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { roleWord } from "/static/js/room/words.js";

const EVERY_MS = 3000;

/** @param {any} invited */
function notice(invited) {
  const words = `${invited.inviter}请您参加${invited.kiosk}的接谈，您是${roleWord(invited.role)}。`;
  return el("div.banner.info", {}, icon("bell"), el("b.grow", {}, words), el("a.btn.primary.small", { href: `/invitations/${invited.id}` }, "去参加"));
}

async function refresh() {
  const place = byId("invited");
  try {
    const { invitations } = await api("GET", "/api/invitations");
    const shown = JSON.stringify(invitations);
    if (place.dataset.shown === shown) return;
    place.dataset.shown = shown;
    place.replaceChildren(...invitations.map(notice));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

for (;;) {
  await refresh();
  await new Promise((resume) => setTimeout(resume, EVERY_MS));
}
