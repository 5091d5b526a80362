// Decisions that were begun and not saved yet, in this browser's own store.

/** @typedef {{ answer?: string, kind?: string, reason: string }} DecisionForm What is chosen and written so far. */

const MAX_ITEMS = 200;

export class Drafts {
  /** @param {string} storeKey */
  constructor(storeKey) {
    this.storeKey = storeKey;
    /** @type {Record<string, Record<string, DecisionForm & { revision: number }>>} */
    this.byItem = this.read();
  }

  read() {
    try {
      const stored = JSON.parse(localStorage.getItem(this.storeKey) || "{}");
      return typeof stored === "object" && stored !== null && !Array.isArray(stored) ? stored : {};
    } catch {
      return {}; // a forbidden store, or one that somebody wrote other things into
    }
  }

  /**
   * What was begun on a question, if it began from the decision that is saved now.
   * @param {string} token
   * @param {string} question
   * @param {number} revision
   * @returns {DecisionForm | undefined}
   */
  find(token, question, revision) {
    const draft = this.byItem[token]?.[question];
    if (!draft || draft.revision !== revision) return undefined;
    const keepText = (/** @type {unknown} */ value) => (typeof value === "string" ? value : undefined);
    return { answer: keepText(draft.answer), kind: keepText(draft.kind), reason: keepText(draft.reason) ?? "" };
  }

  /**
   * Says whether the store took it.
   * @param {string} token
   * @param {string} question
   * @param {number} revision
   * @param {DecisionForm} form
   */
  keep(token, question, revision, { answer, kind, reason }) {
    this.byItem[token] ??= {};
    this.byItem[token][question] = { answer, kind, reason, revision };
    for (const oldest of Object.keys(this.byItem).slice(0, -MAX_ITEMS)) delete this.byItem[oldest];
    return this.write();
  }

  /**
   * @param {string} token
   * @param {string} question
   */
  drop(token, question) {
    const drafts = this.byItem[token];
    if (!drafts) return;
    delete drafts[question];
    if (!Object.keys(drafts).length) delete this.byItem[token];
    this.write();
  }

  /** Says whether the store took it: it may be full or forbidden. */
  write() {
    try {
      if (Object.keys(this.byItem).length) localStorage.setItem(this.storeKey, JSON.stringify(this.byItem));
      else localStorage.removeItem(this.storeKey);
      return true;
    } catch {
      return false;
    }
  }
}
