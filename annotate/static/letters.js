// The post between the desk and its server. What a person did waits here, and in the browser's own store, until the
// server says that it is kept; it is sent again until then, so every operation has to be idempotent.

const RESEND_MS = 4_000;
const DRAFT_MS = 600;
const MOST = { operations: 200, wanted: 4 };

export class Post {
  // `store`: key in localStorage. `late`: called when something is sent again. `send` is set by whoever mounts the page.
  constructor(store, late) {
    this.store = store;
    this.late = late;
    this.send = () => {};
    this.waiting = new Map(); // operations without an acknowledgement, by id
    this.foreign = []; // operations of another person who uses this browser
    this.awaited = new Set(); // tokens of items that were asked for
    this.begin = false; // a fresh opening is asked for
    this.stage = "";
    this.number = 0;
    this.owns = false; // what an earlier page left in the store has been looked at
  }

  get isIdle() { return !this.waiting.size && !this.awaited.size && !this.begin; }

  put(operation) {
    this.waiting.set(operation.id, operation);
    this.keep();
  }

  // Takes an operation that was acknowledged, if it was still waiting.
  settle(id) {
    const operation = this.waiting.get(id);
    this.waiting.delete(id);
    if (operation) this.keep();
    return operation;
  }

  // Keeps what is not this person's for whoever it belongs to.
  putAside(operation) {
    this.foreign.push(operation);
    this.keep();
  }

  drop(test) {
    for (const [id, one] of this.waiting) if (test(one)) this.waiting.delete(id);
  }

  soon() {
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.flush(), DRAFT_MS);
  }

  flush(force = false) {
    clearTimeout(this.draftTimer);
    if (this.isIdle && !force) return;
    this.keep();
    const letter = { number: ++this.number, operations: [...this.waiting.values()].slice(0, MOST.operations),
      wanted: [...this.awaited].slice(0, MOST.wanted), begin: this.begin };
    if (this.stage) letter.stage = this.stage;
    this.send(letter);
    this.watch();
  }

  // Asks for study and queue again, perhaps for another part of the study.
  reopen(stage = "") {
    this.begin = true;
    this.stage = stage;
    this.flush();
  }

  watch() {
    clearTimeout(this.resend);
    if (this.isIdle) return;
    this.resend = setTimeout(() => {
      if (this.isIdle) return;
      this.late();
      this.flush();
    }, RESEND_MS);
  }

  keep() {
    const all = [...this.foreign, ...this.waiting.values()];
    try {
      if (all.length) localStorage.setItem(this.store, JSON.stringify(all));
      else if (this.owns) localStorage.removeItem(this.store);
    } catch { /* a full or forbidden store: the operations live in memory then */ }
  }

  // What an earlier page could not deliver goes back into the post; says whether there was any. What somebody else left
  // in this browser stays for them.
  recover(isOurs) {
    this.owns = true;
    let kept = [];
    try { kept = JSON.parse(localStorage.getItem(this.store) || "[]"); } catch { kept = []; }
    kept = Array.isArray(kept) ? kept.filter(Boolean) : [];
    this.foreign = kept.filter((one) => !isOurs(one)).slice(-MOST.operations);
    for (const operation of kept.filter(isOurs)) this.waiting.set(operation.id, operation);
    this.keep();
    return this.waiting.size > 0;
  }

  close() {
    clearTimeout(this.resend);
    clearTimeout(this.draftTimer);
  }
}
