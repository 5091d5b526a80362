// What a payload from the server changes on the annotator's page.

import { button } from "../page/dom.js";
import { addReasoning, createItem, markSaved } from "../state/items.js";
import { createId, interpretAck } from "../state/messages.js";
import { LabelPage } from "./label_page.js";

/** @import { Desk } from "../desk.js" */
/** @import { Item } from "../state/items.js" */

export class DeskInbox {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  /** @param {Wire.DeskPayload} payload */
  read(payload) {
    const { desk } = this;
    for (const ack of payload.acks ?? []) this.readAck(ack);
    // In another stage the same items show more, or less.
    if (payload.opening && desk.isOpened && payload.opening.stage.name !== desk.state.stage.name) desk.items.clear();
    for (const item of payload.items ?? []) this.keepItem(item);
    if (payload.opening) this.open(payload.opening);
    if (payload.new_tokens) this.addAssignments(payload.new_tokens);
  }

  /** @param {Wire.OpeningPayload} opening */
  open(opening) {
    const { desk } = this;
    const { outbox, state } = desk;
    const before = desk.isOpened ? state.stage : undefined;
    const wasAskedFor = !desk.isOpened || outbox.begin;
    outbox.confirmOpening();
    const submits = [...outbox.waiting.values()].filter(({ op }) => op === "submit");
    state.open(
      opening,
      submits.map(({ token }) => token),
    );
    desk.showOpening();
    // Streamlit has run the page anew by itself: the person goes on where they are.
    if (!wasAskedFor && before?.name === state.stage.name) return outbox.flush();
    if (desk.resend(({ token }) => state.study.is_shared || state.queue.has(token))) return; // its answer opens again
    desk.arrive(before, opening.result);
  }

  /** @param {string[]} tokens that the shared queue hands out, a few at a time */
  addAssignments(tokens) {
    const { desk } = this;
    if (desk.state.stage.name !== "main") return;
    desk.queue.append(tokens, false);
    if (desk.page instanceof LabelPage) desk.prefetch(desk.state.findNext(desk.page.token));
  }

  /** @param {Wire.AckPayload} ack */
  readAck(ack) {
    const { desk } = this;
    const operation = desk.outbox.waiting.get(ack.id);
    if (!operation) return;
    const item = desk.items.get(operation.token);
    const outcome = interpretAck(ack, operation.op, item !== undefined);
    if (outcome === "retry") return desk.showFault(ack.text ?? "");
    desk.outbox.settle(ack.id);
    if (outcome === "foreign") desk.outbox.setAside(operation);
    else if (outcome === "refused") this.refuse(operation, item, ack);
    else if (outcome === "submitted") this.finishSubmit(operation, item, ack.revision ?? 0);
    else if (outcome === "drafted") desk.showStatus("Draft saved");
    else if (outcome === "guessed") this.showSaved();
  }

  /** Say so, unless something that was sent before or after it is not saved yet; says whether it did. */
  showSaved() {
    const { outbox } = this.desk;
    const isUnderWay = outbox.has("submit") || outbox.has("guess");
    if (!isUnderWay) this.desk.showStatus("Saved", "good");
    return !isUnderWay;
  }

  /**
   * @param {Wire.LabelOperation} operation
   * @param {Item | undefined} item
   * @param {number} revision
   */
  finishSubmit(operation, item, revision) {
    const { desk } = this;
    desk.state.recordSaved(operation.label?.active_seconds ?? 0);
    if (item) markSaved(item, revision);
    if (this.showSaved()) desk.announce("Saved.");
    if (!desk.isOpened) return;
    desk.showProgress();
    if (desk.state.stage.name === "qualification") return desk.reload(operation.token); // it comes back with feedback
    if (desk.state.isPauseDue && desk.page instanceof LabelPage) desk.suggestPause();
  }

  /**
   * @param {Wire.LabelOperation} operation
   * @param {Item | undefined} item
   * @param {Wire.AckPayload} ack
   */
  refuse(operation, item, ack) {
    if (operation.op === "submit") return this.refuseSubmit(operation, item, ack);
    if (operation.op === "show_reasoning" && item) this.allowAskingAgain(item);
    this.desk.showStatus(ack.text ?? "", "bad");
  }

  /**
   * Back to that item, with the answers still there.
   * @param {Wire.LabelOperation} operation
   * @param {Item | undefined} item
   * @param {Wire.AckPayload} ack
   */
  refuseSubmit({ token }, item, ack) {
    const { desk } = this;
    desk.queue.set(token, false);
    desk.isFinishing = false;
    desk.waitingFor = undefined; // what was to come next does not come now
    desk.showProgress();
    desk.showStatus("Not saved", "bad");
    desk.showBanner(ack.text ?? "", this.createWayOut(token, ack.code));
    if (!item) return;
    item.submitId = createId(); // the next submit is another intended label
    const page = desk.showForCorrection(item);
    if (ack.code === "closed") page.keepDraft();
  }

  /**
   * The button beside the sentence that says why a label was not saved.
   * @param {string} token
   * @param {Wire.AckPayload["code"]} code
   */
  createWayOut(token, code) {
    const { desk } = this;
    const leave = (/** @type {() => void} */ act) => () => {
      desk.showBanner("");
      act();
    };
    if (code === "conflict")
      return button(
        "Load the saved answer",
        "",
        leave(() => desk.reload(token)),
      );
    const isElsewhere = code === "not reached" || code === "taken";
    return isElsewhere
      ? button(
          "Continue",
          "",
          leave(() => desk.outbox.reopen()),
        )
      : "";
  }

  /** @param {Item} item whose reasoning did not come */
  allowAskingAgain(item) {
    const { desk } = this;
    item.isAsking = false;
    desk.outbox.awaited.delete(item.token);
    if (desk.page instanceof LabelPage && desk.page.item === item) desk.page.panel.render();
  }

  /** @param {Wire.ItemPayload} payload */
  keepItem(payload) {
    const { desk } = this;
    desk.outbox.awaited.delete(payload.token);
    const held = desk.items.get(payload.token);
    if (!held) return desk.items.add(createItem(payload), [desk.currentToken, desk.waitingFor]);
    if (!held.withheld || payload.withheld) return; // what the annotator has begun stays
    addReasoning(held, payload);
    if (desk.page instanceof LabelPage && desk.page.item === held) desk.page.showReasoning();
  }
}
