// The steps of a page that leads into a talk; one is shown at a time.
import { byId } from "/static/js/dom.js";

const STEPS = ["loading", "problem", "prepare", "talk", "after"];

/** @param {string} step one of STEPS */
export function show(step) {
  document.documentElement.dataset.step = step;
  for (const name of STEPS) byId(name).hidden = name !== step;
}
