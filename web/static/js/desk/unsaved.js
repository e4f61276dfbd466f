// What somebody typed and the office does not have yet, on this computer's disk.
//
// localStorage would not do: Chromium writes it down some seconds later (measured: what was put there less than 4 s before
// the browser was killed was gone, of what was put here nothing, 0.2 s before).

const NAME = "jietan";
const STORE = "unsaved";

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** One connection for the page, and a new one where it was lost. @returns {Promise<IDBDatabase>} */
function open() {
  opened ||= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => {
      asked.result.onclose = () => { opened = null; };
      done(asked.result);
    };
    asked.onerror = asked.onblocked = () => {
      opened = null;
      failed(asked.error);
    };
  });
  return opened;
}

/** @param {IDBDatabase} base @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} ask @returns {Promise<any>} */
function once(base, mode, ask) {
  return new Promise((done, failed) => {
    const transaction = base.transaction(STORE, mode, { durability: "strict" });
    const request = ask(transaction.objectStore(STORE));
    transaction.oncomplete = () => done(request.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

/** Takes away what lies under keys that begin so and is not wanted. @param {string} beginning @param {(text: string) => boolean} unwanted @returns {Promise<void>} */
export async function wipe(beginning, unwanted) {
  const base = await open();
  return new Promise((done, failed) => {
    const transaction = base.transaction(STORE, "readwrite", { durability: "strict" });
    const asked = transaction.objectStore(STORE).openCursor(IDBKeyRange.bound(beginning, `${beginning}\uffff`));
    asked.onsuccess = () => {
      const found = asked.result;
      if (!found) return;
      if (unwanted(found.value)) found.delete();
      found.continue();
    };
    transaction.oncomplete = () => done();
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

/** One list of changes under one key; writes follow one another, and only the newest of those that wait is done. */
export class Unsaved {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    open().catch(() => { this.sound = false; });
    /** Whether the disk takes what is put here; else only memory has it. */
    this.sound = true;
    /** @type {string | null} */
    this.waiting = null;
    this.writing = false;
    this.done = Promise.resolve();
  }

  /** @returns {Promise<any[]>} what an earlier page left here */
  async read() {
    try {
      return JSON.parse((await once(await open(), "readonly", (store) => store.get(this.key))) || "[]");
    } catch {
      this.sound = false;
      return [];
    }
  }

  /** @param {any[]} changes @returns {Promise<void>} done when they are on the disk, or cannot be put there */
  write(changes) {
    this.waiting = JSON.stringify(changes);
    if (!this.writing) this.done = this.put();
    return this.done;
  }

  async put() {
    this.writing = true;
    while (this.waiting !== null) {
      const text = this.waiting;
      this.waiting = null;
      try {
        await once(await open(), "readwrite", (store) => (text === "[]" ? store.delete(this.key) : store.put(text, this.key)));
        this.sound = true;
      } catch {
        this.sound = false;
      }
    }
    this.writing = false;
  }
}
