// What slips say of the office.  Asked while nobody is there: the line may be dead when a slip is made.
import { ApiError, api } from "/static/js/api.js";

let phone = "";

export async function askOfPlace() {
  try {
    phone = (await api("GET", "/api/kiosk/place")).phone || "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Whom to call from home, where the office told a number. @param {import("./screen.js").Screen} screen a slip */
export function showPhone(screen) {
  screen.fill({ "office-phone": phone });
  screen.part("call").hidden = !phone;
}
