// A content category of three levels; what is not in the list can be written.
import { el } from "/static/js/dom.js";

const OTHER = "不在清单里";

/** @param {HTMLSelectElement} select @param {string[]} words @param {string} empty */
function fill(select, words, empty) {
  select.replaceChildren(el("option", { value: "" }, empty), ...words.map((word) => el("option", { value: word }, word)));
}

/** @param {string[]} words */
function once(words) {
  return [...new Set(words)];
}

/**
 * @param {{name: string, area: string, kind: string}[]} categories
 * @returns {{node: HTMLElement, get: () => string, set: (name: string) => void}} the last level's name
 */
export function categoryChooser(categories) {
  const select = (/** @type {string} */ label, /** @type {string} */ id) => /** @type {HTMLSelectElement} */ (el("select.input", { id, "aria-label": label }));
  const area = select("内容类别，第一级", "category"), kind = select("内容类别，第二级", "category-kind"), name = select("内容类别，第三级", "category-name");
  const own = /** @type {HTMLInputElement} */ (el("input.input", { id: "category-own", "aria-label": "内容类别", maxlength: 100, placeholder: "写一个类别" }));
  const node = el("div.levels", {}, area, kind, name, own);
  const of = (/** @type {(one: any) => boolean} */ test) => categories.filter(test);

  function showKinds() {
    const written = area.value === OTHER;
    fill(kind, once(of((one) => one.area === area.value).map((one) => one.kind)), "第二级");
    if (kind.options.length === 2) kind.selectedIndex = 1;
    showNames();
    kind.hidden = name.hidden = written;
    own.hidden = !written;
  }

  function showNames() {
    fill(name, of((one) => one.area === area.value && one.kind === kind.value).map((one) => one.name), "第三级");
    if (name.options.length === 2) name.selectedIndex = 1;
  }

  fill(area, [...once(categories.map((one) => one.area)), OTHER], "第一级");
  area.addEventListener("change", showKinds);
  kind.addEventListener("change", showNames);
  showKinds();
  return {
    node,
    get: () => (area.value === OTHER ? own.value.trim() : name.value),
    set(/** @type {string} */ wanted) {
      const known = categories.find((one) => one.name === wanted);
      area.value = known?.area || (wanted ? OTHER : "");
      showKinds();
      if (!known) return void (own.value = wanted);
      kind.value = known.kind;
      showNames();
      name.value = known.name;
    },
  };
}
