// Enrols this machine with the one-time code of the link.
import { ApiError, api } from "/static/js/api.js";
import { byId, tell } from "/static/js/dom.js";
import { fitScreen } from "./fit.js";

const button = /** @type {HTMLButtonElement} */ (byId("enrol"));

async function enrol() {
  button.disabled = true;
  try {
    const { name } = await api("POST", "/api/kiosk/enrol", { code: byId("main").dataset.code });
    tell(byId("trouble"), "");
    tell(byId("done"), `登记好了：${name}。以后开机就能用。`);
    byId("kiosk-name").textContent = name;
    [button.hidden, byId("open").hidden] = [true, false];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("trouble"), error.message);
    button.disabled = false;
  }
}

fitScreen();
button.addEventListener("click", enrol);
