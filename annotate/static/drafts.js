// Decisions that were begun and not saved yet, in this browser's own store.

const MOST = 200;

export class Drafts {
  constructor(store) {
    this.store = store;
    try { this.kept = JSON.parse(localStorage.getItem(store) || "{}"); } catch { this.kept = {}; }
    if (typeof this.kept !== "object" || this.kept === null || Array.isArray(this.kept)) this.kept = {};
  }

  // What was begun on a question, if it began from the decision that is saved now.
  of(token, question, revision) {
    const one = this.kept[token]?.[question];
    if (!one || one.revision !== revision) return undefined;
    const text = (value) => (typeof value === "string" ? value : undefined);
    return { answer: text(one.answer), kind: text(one.kind), reason: text(one.reason) ?? "" };
  }

  keep(token, question, revision, { answer, kind, reason }) {
    (this.kept[token] ??= {})[question] = { answer, kind, reason, revision };
    for (const old of Object.keys(this.kept).slice(0, -MOST)) delete this.kept[old];
    return this.write();
  }

  drop(token, question) {
    if (!this.kept[token]) return;
    delete this.kept[token][question];
    if (!Object.keys(this.kept[token]).length) delete this.kept[token];
    this.write();
  }

  // Says whether the store took it: it may be full or forbidden.
  write() {
    try {
      if (Object.keys(this.kept).length) localStorage.setItem(this.store, JSON.stringify(this.kept));
      else localStorage.removeItem(this.store);
      return true;
    } catch { return false; }
  }
}
