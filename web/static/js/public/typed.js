// Query code and digits as people type them.

/** What was typed, as the office writes it. @param {string} typed */
export function tidyCode(typed) {
  return typed.normalize("NFKC").toUpperCase().replace(/[\s·.，,]/g, "").replace(/[–—－]/g, "-");
}

/** @param {string} typed */
export function digits(typed) {
  return typed.normalize("NFKC").trim();
}

/** @param {string} code */
export function wrongCode(code) {
  if (!code) return "请填回执上的查询码";
  if (/[^A-Z0-9-]/.test(code)) return "查询码只有字母和数字，请再对一遍";
  if (code.length < 6) return `还差 ${6 - code.length} 位，一共不少于 6 位`;
  return code.length > 20 ? "填多了，请再对一遍回执" : "";
}

/** @param {string} last4 */
export function wrongDigits(last4) {
  if (!last4) return "请填手机号的最后 4 位";
  if (/\D/.test(last4)) return "这里只填数字";
  return last4.length < 4 ? `还差 ${4 - last4.length} 位，一共是 4 位` : "";
}
