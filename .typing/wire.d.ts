// Generated from annotate/exchange/messages.py and payloads.py by `make docs`; edit those.
declare namespace Wire {
  /** What became of one operation; made after the commit. */
  interface AckPayload {
    id: string;
    ok: boolean;
    /** Of a label or a decision that was saved. */
    revision?: number;
    code?: "retry" | "closed" | "not reached" | "taken" | "role" | "unknown" | "invalid" | "conflict";
    /** For the person: why it was refused. */
    text?: string;
  }

  /** One transcript of the adjudicator's list: what annotators said, never who. */
  interface AdjudicationItemPayload {
    token: string;
    content: Content;
    questions: DisputedQuestionPayload[];
    notes: string[];
    evidence: number[];
    contested: boolean;
    /** Changes whenever an annotator changes anything of it. */
    version: string;
  }

  /** One message of the adjudicator's page. */
  interface AdjudicationMessage {
    /** Counts up in one page; echoed, so that a late answer is not mistaken for a new one. */
    number: number;
    /** Transcripts that the browser does not hold yet. */
    wanted?: string[];
    /** A page that starts anew: it needs study and queue again. */
    begin?: boolean;
    operations?: DecisionOperation[];
  }

  /** All that a fresh page of an adjudicator needs beside the first items. */
  interface AdjudicationOpeningPayload {
    study: AdjudicationStudyPayload;
    /** (token, state) of each transcript in this adjudicator's order. */
    queue: ([string, "open" | "settled" | "changed"])[];
  }

  /** What the adjudicator's page gets after each message. */
  interface AdjudicationPayload {
    number?: number;
    id?: string;
    acks?: AckPayload[];
    error?: string;
    unreadable?: boolean;
    signed_out?: string;
    opening?: AdjudicationOpeningPayload;
    items?: AdjudicationItemPayload[];
    missing?: MissingPayload;
  }

  /** The study as the adjudicator's page knows it. */
  interface AdjudicationStudyPayload {
    title: string;
    notice: string;
    is_open: boolean;
    guideline: string;
    unit: "transcript" | "scenario";
    questions: QuestionPayload[];
    actions: Record<string, string>;
    kinds: DecisionKindPayload[];
  }

  /** One choice of a question. */
  interface AnswerPayload {
    value: string;
    label: string;
  }

  /** All that an annotator and a judge may read of one transcript. */
  interface Content {
    background?: string;
    task?: string;
    rubric?: string;
    memory?: string[];
    tools?: ToolSpec[];
    messages: Message[];
  }

  /** What the adjudicator decides on one question of one transcript. */
  interface DecisionContent {
    question: string;
    /** None with the kind contested. */
    answer?: string | null;
    kind: "ambiguous" | "guideline gap" | "annotator error" | "contested";
    reason: string;
    /** The revision of the question that was on the screen; 0 before the first decision. */
    revision: number;
    /** The version of the annotators' labels that was on the screen. */
    version: string;
  }

  /** A kind of decision: why the annotators disagreed. */
  interface DecisionKindPayload {
    kind: string;
    label: string;
    key: string;
    meaning: string;
  }

  /** One decision to save; `id` names its acknowledgement and makes it idempotent. */
  interface DecisionOperation {
    id: string;
    op: "decide";
    /** The transcript in this adjudicator's list. */
    token: string;
    decision: DecisionContent;
  }

  /** One message of the annotator's page. */
  interface DeskMessage {
    /** Counts up in one page; echoed, so that a late answer is not mistaken for a new one. */
    number: number;
    /** Transcripts that the browser does not hold yet. */
    wanted?: string[];
    /** A page that starts anew: it needs study and queue again. */
    begin?: boolean;
    operations?: LabelOperation[];
    /** With begin: the part to open, where the annotator may choose. */
    stage?: "" | "main" | "discussion";
  }

  /** What the annotator's page gets after each message. */
  interface DeskPayload {
    number?: number;
    id?: string;
    acks?: AckPayload[];
    error?: string;
    unreadable?: boolean;
    signed_out?: string;
    opening?: OpeningPayload;
    items?: ItemPayload[];
    /** In a shared queue: the open assignments, once new ones were taken. */
    new_tokens?: string[];
  }

  /** One question on which annotators disagree. */
  interface DisputedQuestionPayload {
    id: string;
    /** The different answers, each once, in random order. */
    answers: string[];
    /** How many decisions this adjudicator has made on it. */
    revision: number;
    decision: OwnDecisionPayload | null;
    /** Annotators have changed their answers since the decision. */
    has_changed: boolean;
  }

  /** Answers that were begun and not submitted yet: a label's content as some version of the page left it. */
  interface DraftPayload {
    answers?: Record<string, string>;
    evidence?: number[];
    confidence?: number | null;
    note?: string;
    contested?: boolean;
    active_seconds?: number;
    revision?: number;
  }

  /** One question of a qualification item, after it was answered. */
  interface FeedbackAnswerPayload {
    question: string;
    /** None where it was not answered. */
    answer: string | null;
    right_answer: string;
    is_right: boolean;
  }

  /** What an annotator learns after answering a qualification item. */
  interface FeedbackPayload {
    answers: FeedbackAnswerPayload[];
    why: string;
  }

  /** One item of an annotator's queue with their own latest answers. */
  interface ItemPayload {
    token: string;
    content: Content;
    /** The visible reasoning is not in `content` yet. */
    withheld: boolean;
    /** Answers given before the reasoning was shown; they stand until the first submit. */
    fixed: Record<string, string>;
    answers: Record<string, string>;
    evidence: number[];
    confidence: number | null;
    note: string;
    contested: boolean;
    /** 0 before the first label. */
    revision: number;
    feedback?: FeedbackPayload;
    others?: OtherRatingPayload[];
    draft?: DraftPayload;
  }

  /** What an annotator has answered on one transcript so far. */
  interface LabelContent {
    answers?: Record<string, string>;
    evidence?: number[];
    confidence?: number | null;
    note?: string;
    /** The annotator thinks that competent people would genuinely split. */
    contested?: boolean;
    active_seconds?: number;
    /** The revision that was on the screen; 0 before the first label. */
    revision?: number;
  }

  /** One thing to do for an annotator; `id` names its acknowledgement and makes a submit idempotent. */
  interface LabelOperation {
    id: string;
    op: "submit" | "draft" | "show_reasoning" | "guess";
    /** The assignment that it is about. */
    token: string;
    label?: LabelContent;
    /** For op guess: which model it was, in the annotator's own words; empty for no idea. */
    guess?: string;
  }

  /** One turn. Its position in `Content.messages` is the index that evidence refers to. */
  interface Message {
    role: "system" | "user" | "assistant" | "tool";
    text?: string;
    reasoning?: string | null;
    tool_calls?: ToolCall[];
    tool?: string | null;
    is_error?: boolean;
  }

  /** Transcripts that were asked for and are no longer in the list. */
  interface MissingPayload {
    tokens: string[];
    text: string;
  }

  /** All that a fresh page of an annotator needs beside the first items. */
  interface OpeningPayload {
    study: StudyPayload;
    stage: StagePayload;
    result: RoundResultPayload | null;
    /** (token, is labelled) of each assignment of the stage, in its order. */
    queue: [string, boolean][];
    /** Active seconds of the annotator's latest labels, newest first. */
    own_seconds: number[];
    /** Assignments of which the annotator is asked which model it was. */
    guess_tokens: string[];
  }

  /** What somebody else answered on an item that is being discussed. */
  interface OtherRatingPayload {
    /** A, B, ...: theirs on this item alone. */
    alias: string;
    answers: Record<string, string>;
    note: string;
    evidence: number[];
    contested: boolean;
  }

  /** The adjudicator's own latest decision on one question. */
  interface OwnDecisionPayload {
    /** None where the dispute is the finding. */
    answer: string | null;
    kind: string;
    reason: string;
  }

  /** One question of the codebook, with the keys that answer it. */
  interface QuestionPayload {
    id: string;
    text: string;
    definition: string;
    examples: string[];
    counter_examples: string[];
    answers: AnswerPayload[];
    optional: boolean;
    /** Other questions' ids and the answers to them that make this one appear. */
    asked_when: Record<string, string[]>;
    needs_reasoning: boolean;
    /** Answer value -> key; an answer without a key is clicked. */
    keys: Record<string, string>;
  }

  /** The round of the qualification that is under way. */
  interface RoundPayload {
    round: number;
    rounds: number;
    /** Share of the items to answer right. */
    threshold: number;
  }

  /** How the latest finished round of the qualification went. */
  interface RoundResultPayload {
    round: number;
    rounds: number;
    threshold: number;
    state: "again" | "passed" | "failed";
    n_right: number;
    n_total: number;
  }

  /** The part of the study that the annotator works in now. */
  interface StagePayload {
    name: "qualification" | "failed" | "calibration" | "waiting" | "discussion" | "main";
    /** The annotator may go between the discussion and the main queue. */
    has_discussion: boolean;
    qualification: RoundPayload | null;
  }

  /** The study as the annotator's page knows it. */
  interface StudyPayload {
    title: string;
    notice: string;
    is_open: boolean;
    guideline: string;
    unit: "transcript" | "scenario";
    questions: QuestionPayload[];
    actions: Record<string, string>;
    /** Labels of one sitting after which the page suggests a pause. */
    pause_every: number;
    /** The question before whose answer the visible reasoning is withheld. */
    reasoning_after: string | null;
    /** Annotators take assignments from a shared queue: nobody knows beforehand how many. */
    is_shared: boolean;
  }

  /** One call as the agent wrote it. */
  interface ToolCall {
    name: string;
    arguments?: Record<string, unknown> | null;
    raw?: string;
    status?: "executed" | "rejected" | "attempted";
  }

  /** A tool that the agent was offered. */
  interface ToolSpec {
    name: string;
    description?: string;
    parameters?: Record<string, unknown>;
  }
}
