// What was typed into a form and not taken yet: kept in this tab until it is, also while one logs in again.

/** One form's fields under one key, for one account. */
export class Kept {
  /** @param {string} user @param {string} what e.g. "case 7 assign" */
  constructor(user, what) {
    this.key = `jietan.typed ${user} ${what}`;
  }

  /** @returns {Object<string, any> | null} */
  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key) || "null");
    } catch {
      return null;
    }
  }

  /** @param {Object<string, any>} values */
  write(values) {
    sessionStorage.setItem(this.key, JSON.stringify(values));
  }

  drop() {
    sessionStorage.removeItem(this.key);
  }
}
