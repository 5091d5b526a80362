// The page that labels: one item, its questions, and what the annotator does about them.

import { button } from "../page/dom.js";
import { buildLabel } from "../state/items.js";
import { createId } from "../state/messages.js";
import { TranscriptView } from "../transcript/transcript_view.js";
import { createOtherRatings } from "./norming.js";
import { QuestionPanel } from "./question_panel.js";

/** @import { Desk } from "../desk.js" */
/** @import { Item } from "../state/items.js" */

export class LabelPage {
  /**
   * @param {Desk} desk
   * @param {Item} item
   */
  constructor(desk, item) {
    this.desk = desk;
    this.item = item;
    this.token = item.token;
    this.isSaving = false; // submitted, and to stay on the screen until it comes back with feedback
    const title = desk.state.formatTitle(item.token);
    this.isScenario = desk.state.unit === "scenario";
    this.view = new TranscriptView(item, title, {
      onMark: (index) => this.toggleEvidence(index),
      onScroll: () => desk.markActive(),
      onSkip: () => this.panel.focus(),
      isScenario: this.isScenario,
    });
    this.panel = this.createPanel();
    this.nodes = [this.view.node, this.panel.node];
    this.spoken = `${title}.${item.revision ? " Your earlier answer is shown." : ""}`;
  }

  createPanel() {
    const { desk, item } = this;
    const on = {
      onChange: () => this.keepDraft(),
      announce: (/** @type {string} */ text) => desk.announce(text),
      submit: () => this.submit(),
      goBack: () => desk.goBack(),
      defer: () => desk.goToNext(),
      showReasoning: () => this.askForReasoning(),
      moveTo: (/** @type {number} */ index) => this.view.moveTo(index),
    };
    if (!item.others) return new QuestionPanel(desk.study, item, on);
    const above = [createOtherRatings(desk.study, item.others, on.moveTo)];
    const submit = button("Save and continue", "Enter", on.submit, { class: "primary" });
    const buttons = [button("Back", "u", on.goBack), submit];
    return new QuestionPanel(desk.study, item, on, { above, buttons });
  }

  get canGoBack() {
    return !this.isSaving;
  }

  focus() {
    this.view.heading.focus({ preventScroll: true });
  }

  /** Something was answered: it is kept on the server as a draft, and in this browser until it is there. */
  keepDraft() {
    const { desk, item } = this;
    item.hasChanged = true;
    this.dropDraft();
    desk.outbox.add({ id: createId(), op: "draft", token: item.token, label: buildLabel(desk.study, item) });
    if (desk.status.textContent === "Draft saved") desk.showStatus(""); // that was the draft before this change
    desk.outbox.flushSoon();
  }

  /** A draft that was not sent yet is replaced by what follows it. */
  dropDraft() {
    this.desk.outbox.drop(({ op, token }) => op === "draft" && token === this.token);
  }

  /** @param {number} index */
  toggleEvidence(index) {
    const { item, desk } = this;
    if (this.isScenario || !this.view.nMessages) return;
    if (index < 0) return desk.announce("Move to a message with j or k first.");
    const isMarked = !item.evidence.delete(index);
    if (isMarked) item.evidence.add(index);
    this.view.showMark(index, isMarked);
    this.panel.showEvidence();
    desk.announce(`Message ${index + 1} ${isMarked ? "marked" : "not marked"}.`);
    this.keepDraft();
  }

  askForReasoning() {
    const { item, desk } = this;
    if (!item.withheld || item.isAsking) return;
    const gate = desk.study.questions.find(({ id }) => id === desk.study.reasoning_after);
    if (gate && item.answers[gate.id] === undefined) return desk.announce(`Answer first: ${gate.text}`);
    item.isAsking = true;
    this.panel.render();
    this.dropDraft();
    desk.outbox.add({ id: createId(), op: "show_reasoning", token: item.token, label: buildLabel(desk.study, item) });
    desk.outbox.request(item.token);
  }

  /** The reasoning has come. */
  showReasoning() {
    this.view.refreshReasoning();
    this.panel.render();
    const n = this.item.content.messages.filter((message) => message.reasoning).length;
    const where = `in ${n} ${n === 1 ? "message" : "messages"}`;
    const text = n ? `The reasoning is shown, ${where}.` : "There is no visible reasoning.";
    this.desk.showStatus(text);
    this.desk.announce(text);
  }

  submit() {
    const { desk, item } = this;
    if (!desk.study.is_open || desk.waitingFor !== undefined) return;
    if (desk.state.isDiscussion && !item.hasChanged) return desk.goToNext();
    const missing = this.panel.showMissing();
    if (missing) return this.explainMissing(missing);
    if (desk.outbox.has("submit", item.token)) return desk.announce("Still saving this one.");
    desk.countTime();
    this.dropDraft();
    desk.outbox.add({ id: item.submitId, op: "submit", token: item.token, label: buildLabel(desk.study, item) });
    desk.queue.set(item.token, true);
    desk.showProgress();
    desk.showBanner("");
    desk.showStatus("Saving…", "busy");
    desk.sendWith(() => {
      if (desk.state.stage.name === "qualification") this.isSaving = true;
      else desk.goToNext();
    });
  }

  /** @param {Wire.QuestionPayload} question without an answer */
  explainMissing(question) {
    const needsReasoning = this.item.withheld && question.needs_reasoning;
    this.desk.announce(needsReasoning ? "Show the reasoning first, key v." : `Answer first: ${question.text}`);
    this.desk.showStatus(needsReasoning ? "Show the reasoning first" : "Answer every question first", "bad");
  }

  findEnterAction() {
    return this.isSaving ? undefined : () => this.submit();
  }

  /**
   * What a key does here, if anything.
   * @param {string} key
   * @returns {import("../page/shell.js").Action | undefined}
   */
  findAction(key) {
    if (this.isSaving) return undefined;
    if (key === "e") return () => this.toggleEvidence(this.view.cursor);
    if (key === "d") return () => this.desk.goToNext();
    return this.panel.findAction(key);
  }
}
