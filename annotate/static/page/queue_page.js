// A page on which a person goes through a queue of items: forth, back, and to what is not here yet.

import { ItemCache } from "../state/item_cache.js";
import { Shell } from "./shell.js";

/**
 * @template {import("../state/messages.js").Operation} T
 * @template {{ token: string }} I
 * @extends {Shell<T>}
 */
export class QueuePage extends Shell {
  /**
   * @param {ParentNode} root
   * @param {string} style
   * @param {import("../state/outbox.js").Outbox<T>} outbox
   */
  constructor(root, style, outbox) {
    super(root, style, outbox);
    /** @type {ItemCache<I>} */
    this.items = new ItemCache();
    /** @type {string | undefined} */
    this.waitingFor = undefined; // the item to show as soon as it comes
  }

  /** @returns {string | undefined} token of the item on the screen */
  get currentToken() {
    return undefined;
  }

  /** @returns {import("../state/queue.js").Queue<any>} */
  get queue() {
    throw new Error("a page has a queue");
  }

  /**
   * Show an item that is here.
   * @param {I} _item
   */
  showItem(_item) {}

  /** There is no further item. */
  finish() {}

  /** @param {string | undefined} token undefined: there is no further item */
  goTo(token) {
    if (token === undefined) return this.finish();
    const item = this.items.get(token);
    if (item) return this.arriveAt(item);
    this.waitingFor = token;
    this.showStatus("Loading…", "busy");
    this.outbox.request(token);
  }

  /** @param {I} item */
  arriveAt(item) {
    this.waitingFor = undefined;
    this.showItem(item);
    if (this.status.textContent === "Loading…") this.showStatus("");
  }

  /** Show the item that was waited for, if it has come. */
  showAwaited() {
    const item = this.items.get(this.waitingFor);
    if (item) this.arriveAt(item);
  }

  /** @param {string} token of an item to ask for anew, whatever is held of it */
  reload(token) {
    this.items.remove(token);
    this.goTo(token);
  }

  /** @param {string | undefined} token of the item that comes next: nobody is to wait for it */
  prefetch(token) {
    if (token !== undefined && !this.items.has(token)) this.outbox.request(token);
  }

  goBack() {
    const token = this.queue.findPrevious(this.currentToken);
    if (token === undefined) this.announce("This is the first one.");
    else this.goTo(token);
  }

  /**
   * Do something that puts an operation into the outbox, and send it: with what the page asks for next, if it does.
   * @param {() => void} goOn
   */
  sendWith(goOn) {
    const { number } = this.outbox;
    goOn();
    if (this.outbox.number === number) this.outbox.flush();
  }

  /**
   * Send what an earlier page could not deliver before anything is shown; says whether there was any.
   * @param {(operation: T) => boolean} isOurs
   */
  resend(isOurs) {
    if (this.outbox.isRecovered || !this.outbox.recover(isOurs)) return false;
    this.items.clear();
    this.isOpened = false;
    this.showStatus("Sending what was kept…", "busy");
    this.outbox.reopen();
    return true;
  }
}
