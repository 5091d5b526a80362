// The items that the page holds: a few at a time, for a transcript may be large and a queue long.

const MAX_ITEMS = 6;

/** @template {{ token: string }} T */
export class ItemCache {
  constructor() {
    /** @type {Map<string, T>} */
    this.items = new Map();
  }

  /** @param {string | undefined} token */
  get(token) {
    return token === undefined ? undefined : this.items.get(token);
  }

  /** @param {string} token */
  has(token) {
    return this.items.has(token);
  }

  /**
   * Hold an item, and let go of the oldest that are not in use.
   * @param {T} item
   * @param {(string | undefined)[]} inUse tokens of items that must stay
   */
  add(item, inUse) {
    this.items.set(item.token, item);
    for (const token of this.items.keys()) {
      if (this.items.size <= MAX_ITEMS) break;
      if (token !== item.token && !inUse.includes(token)) this.items.delete(token);
    }
  }

  /** @param {string} token */
  remove(token) {
    this.items.delete(token);
  }

  clear() {
    this.items.clear();
  }
}
