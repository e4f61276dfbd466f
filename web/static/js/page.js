// On every page of the staff: log out, and say so when the network is away.
import { api } from "/static/js/api.js";
import { watchBell } from "/static/js/notices/bell.js";
import { watchRing } from "/static/js/room/ring.js";

async function logOut() {
  try {
    await api("DELETE", "/api/session");
  } finally {
    sessionStorage.clear();
    await import("/static/js/typed.js").then(({ forgetMine }) => forgetMine()).catch(() => {}); // not logged out for want of a disk
    location.assign("/login");
  }
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-log-out]")) logOut();
});

document.querySelector(".nav [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" }); // on a telephone the menu is wider than the screen
watchBell();
watchRing();
