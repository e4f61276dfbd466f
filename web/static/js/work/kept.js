// What was chosen and typed on a desk: kept in the tab until it is done, also when the log-in runs out meanwhile.
// Only numbers of cases and the officer's own words, by account and page.

export class Kept {
  /** @param {string} user @param {string} page */
  constructor(user, page) {
    this.key = `jietan.work.${user}.${page}`;
    /** @type {Map<number, number>} version seen, by case */
    this.chosen = new Map();
    /** @type {{action: string, fields: Record<string, string>} | null} what is being filled in */
    this.draft = null;
    this.read();
  }

  read() {
    try {
      const found = JSON.parse(sessionStorage.getItem(this.key) || "{}");
      this.chosen = new Map(found.chosen || []);
      this.draft = found.draft || null;
    } catch {
      sessionStorage.removeItem(this.key);
    }
  }

  write() {
    if (!this.chosen.size && !this.draft) return sessionStorage.removeItem(this.key);
    sessionStorage.setItem(this.key, JSON.stringify({ chosen: [...this.chosen], draft: this.draft }));
  }

  /** @param {{id: number, version: number}} row @param {boolean} on */
  choose(row, on) {
    if (on) this.chosen.set(row.id, row.version);
    else this.chosen.delete(row.id);
    this.write();
  }

  /** What is shown is what the officer goes by. @param {{id: number, version: number}[]} rows */
  seen(rows) {
    for (const row of rows) if (this.chosen.has(row.id)) this.chosen.set(row.id, row.version);
    this.write();
  }

  /** @param {{action: string, fields: Record<string, string>} | null} draft */
  fill(draft) {
    this.draft = draft;
    this.write();
  }

  /** @returns {{id: number, version: number}[]} */
  items() {
    return [...this.chosen].map(([id, version]) => ({ id, version }));
  }
}
