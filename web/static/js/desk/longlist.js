// A list of thousands of rows of which only those near the window are in the document.  Rows live in blocks; where blocks
// are far from the window stands one empty element, as high as they were, so that the scroll bar and what is looked at stay
// in place.  The browser looks at every element of the document for every frame it draws, also at the empty ones.

const PER_BLOCK = 12;
const MOST_PER_BLOCK = 2 * PER_BLOCK;
/** Blocks that are drawn before the window is known. */
const AT_FIRST = 2;
const NEAR = "400px 0px";

/** @typedef {{node: HTMLElement, keys: string[], filled: boolean, height: number, far: number}} Block height: of one that
 * is not filled, in pixels; far: the height of one that left the window's neighbourhood and was not to be emptied then, else 0 */

export class LongList {
  /**
   * @param {HTMLElement} host scrolls
   * @param {{draw: (key: string, thing: any) => HTMLElement, refresh?: (row: HTMLElement, thing: any, old: any, key: string) => HTMLElement | void,
   *   removed?: (row: HTMLElement, key: string) => void, height: number}} options
   *   draw: makes a row; refresh: brings it up to date when its thing is another object, or answers with another row; height: of a row, roughly, in pixels
   */
  constructor(host, { draw, refresh = () => {}, removed = () => {}, height }) {
    Object.assign(this, { host, draw, refresh, removed, height });
    /** @type {Map<string, HTMLElement>} rows that are in the document */
    this.rows = new Map();
    /** @type {Map<string, any>} */
    this.things = new Map();
    /** @type {Block[]} */
    this.blocks = [];
    /** @type {Map<string, Block>} */
    this.blockOf = new Map();
    /** What an element of the host stands for. @type {Map<Element, Block[]>} */
    this.standsFor = new Map();
    /** This row stays in the document wherever it is. */
    this.pinned = "";
    this.observer = new IntersectionObserver((entries) => this.moved(entries), { root: host, rootMargin: NEAR });
  }

  /** Shows these rows in this order; what did not change is left alone. @param {[string, any][]} sequence */
  show(sequence) {
    const before = this.things;
    const first = !this.blocks.length;
    this.things = new Map(sequence);
    const moved = !sameKeys(before, this.things);
    if (moved) this.divide([...this.things.keys()]);
    for (const block of this.blocks) if (block.filled) this.arrange(block, before);
    if (first) for (const block of this.blocks.slice(0, AT_FIRST)) this.fill(block);
    if (moved) this.place();
  }

  /** The row, put into the document if it is far away; null where there is none. @param {string} key */
  ensure(key) {
    const block = this.blockOf.get(key);
    if (!block) return null;
    if (!this.rows.has(key)) {
      const at = this.blocks.indexOf(block);
      for (const near of this.blocks.slice(Math.max(at - 1, 0), at + 2)) this.fill(near);
      this.place();
    }
    return this.rows.get(key) || null;
  }

  /** Blocks begin where they began before, so that a new row moves none of the others. @param {string[]} keys */
  divide(keys) {
    const begins = new Map(this.blocks.map((block) => [block.keys[0], block]));
    const groups = [];
    for (const key of keys) {
      const last = groups[groups.length - 1];
      const most = last && begins.has(last[0]) ? MOST_PER_BLOCK : PER_BLOCK;
      if (!last || begins.has(key) || last.length >= most) groups.push([key]);
      else last.push(key);
    }
    this.blocks = groups.map((group) => this.block(group, begins.get(group[0])));
    this.blockOf = new Map(this.blocks.flatMap((block) => block.keys.map((key) => /** @type {[string, Block]} */ ([key, block]))));
    for (const [key, row] of this.rows) if (!this.things.has(key)) this.remove(key, row);
  }

  /** @param {string[]} keys @param {Block} [known] */
  block(keys, known) {
    const block = known || { node: document.createElement("div"), keys: [], filled: false, height: 0, far: 0 };
    block.node.className = "block";
    if (block.keys.length !== keys.length) block.height = keys.length * this.height;
    block.keys = keys;
    block.filled ||= keys.some((key) => this.rows.has(key));
    return block;
  }

  /** Puts the filled blocks into the document, and between them the room that the others take. */
  place() {
    const wanted = this.elements();
    for (const node of [...this.host.children]) if (!wanted.has(node)) this.takeOut(node);
    let next = this.host.firstElementChild;
    for (const node of wanted.keys()) {
      if (node === next) next = next.nextElementSibling;
      else {
        this.host.insertBefore(node, next);
        this.observer.observe(node);
      }
    }
    this.standsFor = wanted;
  }

  /** The host's elements in order.  Room is always a new element: what is observed anew is told of at once. @returns {Map<Element, Block[]>} */
  elements() {
    const found = new Map();
    let room = null;
    for (const block of this.blocks) {
      if (block.filled) found.set(block.node, [block]);
      else if (room) found.get(room).push(block);
      else found.set(room = document.createElement("div"), [block]);
      if (block.filled) room = null;
    }
    for (const [node, blocks] of found) if (!blocks[0].filled) node.style.blockSize = `${blocks.reduce((sum, { height }) => sum + height, 0)}px`;
    return found;
  }

  /** @param {Element} node */
  takeOut(node) {
    this.observer.unobserve(node);
    node.remove();
  }

  /** @param {Block} block */
  fill(block) {
    if (block.filled) return;
    block.filled = true;
    this.arrange(block, this.things);
  }

  /** @param {Block} block @param {Map<string, any>} before */
  arrange(block, before) {
    let next = block.node.firstElementChild;
    for (const key of block.keys) {
      const thing = this.things.get(key);
      const old = this.rows.get(key);
      const row = !old ? this.draw(key, thing) : before.get(key) !== thing ? this.refresh(old, thing, before.get(key), key) || old : old;
      this.rows.set(key, row);
      if (old && old !== row) old.replaceWith(row);
      if (old && old === next) next = row;
      if (row === next) next = next.nextElementSibling;
      else block.node.insertBefore(row, next);
    }
  }

  /** @param {string} key @param {HTMLElement} row */
  remove(key, row) {
    this.removed(row, key);
    row.remove();
    this.rows.delete(key);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  moved(entries) {
    const filled = this.blocks.filter((block) => block.filled);
    for (const entry of entries) {
      const blocks = this.standsFor.get(entry.target) || [];
      for (const block of blocks) if (block.filled) block.far = entry.isIntersecting ? 0 : entry.boundingClientRect.height;
      if (entry.isIntersecting) for (const block of within(blocks, entry)) this.fill(block);
    }
    const emptied = filled.filter((block) => block.far && this.empty(block));
    if (emptied.length || this.blocks.some((block) => block.filled && !block.node.isConnected)) this.place();
  }

  /** Answers whether it was done. @param {Block} block */
  empty(block) {
    if (block.node.contains(document.activeElement) || block.keys.includes(this.pinned)) return false;
    Object.assign(block, { filled: false, height: block.far, far: 0 });
    for (const key of block.keys) {
      const row = this.rows.get(key);
      if (row) this.remove(key, row);
    }
    return true;
  }
}

/** Which of the blocks that share a room are near the window; one at least. @param {Block[]} blocks @param {IntersectionObserverEntry} entry of the room */
function within(blocks, { intersectionRect, boundingClientRect }) {
  const [from, to] = [intersectionRect.top - boundingClientRect.top, intersectionRect.bottom - boundingClientRect.top];
  let bottom = 0;
  return blocks.filter(({ height }) => {
    const top = bottom;
    bottom += height;
    return top <= to && from <= bottom;
  });
}

/** @param {Map<string, any>} one @param {Map<string, any>} other */
function sameKeys(one, other) {
  if (one.size !== other.size) return false;
  const keys = other.keys();
  for (const key of one.keys()) if (key !== keys.next().value) return false;
  return true;
}
