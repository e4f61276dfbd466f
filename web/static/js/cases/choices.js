// What is chosen from, fetched once a page.
import { api } from "/static/js/api.js";

/** @type {Promise<any> | null} */
let asked = null;

/** @returns {Promise<any>} Choices of protocol/flow.py */
export function allChoices() {
  asked ||= api("GET", "/api/choices").catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}
