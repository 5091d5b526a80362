// What a payload from the server changes on the adjudicator's page.

import { button } from "../page/dom.js";
import { createDisputedItem, markDecided } from "../state/decisions.js";
import { createId } from "../state/messages.js";
import { Queue } from "../state/queue.js";

/** @import { Adjudication } from "../adjudication.js" */

export class AdjudicationInbox {
  /** @param {Adjudication} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {Wire.AdjudicationPayload} payload */
  read(payload) {
    for (const ack of payload.acks ?? []) this.readAck(ack);
    for (const item of payload.items ?? []) this.keepItem(item);
    if (payload.opening) this.open(payload.opening);
    if (payload.missing) this.removeMissing(payload.missing);
  }

  /** @param {Wire.AdjudicationOpeningPayload} opening */
  open({ study, queue }) {
    const { page } = this;
    const wasAskedFor = !page.isOpened || page.outbox.begin;
    page.outbox.confirmOpening();
    page.currentStudy = study;
    page.showStudy(study);
    page.entries = new Queue("settled", queue);
    for (const { token } of page.outbox.waiting.values()) page.entries.set(token, "settled");
    const paused = "The study is paused: nothing can be settled now. What you begin stays in this browser.";
    if (!study.is_open) page.showBanner(paused);
    page.showProgress();
    if (page.resend(({ token }) => page.entries.has(token))) return; // its answer opens again
    // Whoever is at a transcript when Streamlit runs the page anew by itself stays there.
    if (wasAskedFor && !page.work) page.showList();
  }

  /** @param {Wire.AdjudicationItemPayload} payload */
  keepItem(payload) {
    const { page } = this;
    page.outbox.awaited.delete(payload.token);
    const held = page.items.get(payload.token);
    // What is being written on stays, unless the adjudicator asked for it anew: then it is no longer held.
    if (held && held === page.work?.item && held.version === payload.version) return;
    page.items.add(createDisputedItem(payload, page.drafts), [page.currentToken, page.waitingFor]);
  }

  /** @param {Wire.AckPayload} ack */
  readAck(ack) {
    const { page } = this;
    const operation = page.outbox.waiting.get(ack.id);
    if (!operation) return;
    if (ack.code === "retry") return page.showFault(ack.text ?? "");
    page.outbox.settle(ack.id);
    if (ack.ok) this.finishSave(operation, ack.revision ?? 0);
    else this.refuse(operation.token, ack);
  }

  /**
   * @param {Wire.DecisionOperation} operation
   * @param {number} revision
   */
  finishSave({ token, decision }, revision) {
    const { page } = this;
    page.drafts.drop(token, decision.question);
    markDecided(page.items.get(token), decision, revision);
    if (page.outbox.waiting.size) return; // nothing is called saved while another decision is not
    page.showStatus("Saved", "good");
    page.announce("Saved.");
  }

  /**
   * Back to that transcript, with what was written still there.
   * @param {string} token
   * @param {Wire.AckPayload} ack
   */
  refuse(token, ack) {
    const { page } = this;
    page.entries.set(token, "open");
    page.showProgress();
    page.showStatus("Not saved", "bad");
    const canReload = ack.code === "conflict" || ack.code === "unknown";
    page.showBanner(ack.text ?? "", canReload ? this.createReloadButton(token) : "");
    const item = page.items.get(token);
    if (!item) return;
    for (const question of item.questions) question.submitId = createId(); // the next ones are other intended decisions
    if (page.work?.item !== item) page.arriveAt(item);
  }

  /** @param {string} token */
  createReloadButton(token) {
    return button("Look at it again", "", () => {
      this.page.showBanner("");
      this.page.reload(token);
    });
  }

  /** @param {Wire.MissingPayload} missing transcripts that are no longer in the list */
  removeMissing({ tokens, text }) {
    const { page } = this;
    const isInUse = [page.waitingFor, page.currentToken].some((token) => token && tokens.includes(token));
    for (const token of tokens) {
      page.outbox.awaited.delete(token);
      page.entries.remove(token);
      page.items.remove(token);
    }
    page.showProgress();
    page.showBanner(
      text,
      button("Continue", "", () => page.showBanner("")),
    );
    if (isInUse) page.showList();
  }
}
