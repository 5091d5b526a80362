// The order of a person's items and how far they are: which comes next, which came before.

/** @template {string | boolean} State */
export class Queue {
  /**
   * @param {State} doneState what an item is once nothing is left to do on it
   * @param {Iterable<[string, State]>} entries (token, state) in order
   */
  constructor(doneState, entries = []) {
    this.doneState = doneState;
    this.states = new Map(entries);
  }

  get tokens() {
    return [...this.states.keys()];
  }

  get size() {
    return this.states.size;
  }

  get nDone() {
    return [...this.states.values()].filter((state) => state === this.doneState).length;
  }

  /** @param {string} token */
  has(token) {
    return this.states.has(token);
  }

  /** @param {string} token */
  isDone(token) {
    return this.states.get(token) === this.doneState;
  }

  /** @param {string} token */
  indexOf(token) {
    return this.tokens.indexOf(token);
  }

  /**
   * @param {string} token
   * @param {State} state
   */
  set(token, state) {
    if (this.states.has(token)) this.states.set(token, state);
  }

  /**
   * @param {string[]} tokens that are new here; known ones keep their state
   * @param {State} state
   */
  append(tokens, state) {
    for (const token of tokens) if (!this.states.has(token)) this.states.set(token, state);
  }

  /** @param {string} token */
  remove(token) {
    this.states.delete(token);
  }

  /**
   * The next item with something to do, from behind `index` to the end and then from the beginning.
   * @param {number} index
   */
  findNextOpen(index) {
    const { tokens } = this;
    const order = [...tokens.slice(index + 1), ...tokens.slice(0, Math.max(index, 0))];
    return order.find((token) => !this.isDone(token));
  }

  /** @param {string | undefined} token undefined: behind the last one */
  findPrevious(token) {
    const index = token === undefined ? this.size : this.indexOf(token);
    return index > 0 ? this.tokens[index - 1] : undefined;
  }
}
