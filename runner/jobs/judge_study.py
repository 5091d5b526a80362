"""Lets a judge read a study's transcripts: every verdict is stored at once, and only missing ones are asked for."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.content import Content
from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.design.studies import get_study
from secondreader.db.transcripts.runs import ensure_judge_prompt, ensure_run
from secondreader.db.transcripts.verdicts import (
    NewVerdict,
    add_verdicts,
    find_judgeable_transcripts,
    find_judged_ids,
    load_original_content,
)
from secondreader.judge.verdicts.prompt import JudgePrompt, render_prompt
from secondreader.judge.verdicts.reply import ParsedReply, parse_reply
from secondreader.runner.jobs.batch import WorkOutcome, make_and_commit
from secondreader.runner.jobs.seeds import derive_seed
from secondreader.runner.models.client import (
    CompletionRequest,
    Endpoint,
    ModelClient,
    ModelReply,
    RequestRefused,
    TokenUsage,
)
from secondreader.runner.models.prices import Prices

MAX_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """Which judge is to read what."""

    study: str
    model: str
    prompt: JudgePrompt
    repeats: int = 1
    """Readings of each transcript, with different seeds."""
    drawn_only: bool = False
    """Only the transcripts sampled for labelling."""
    temperature: float | None = 0.0
    retries: int = 2
    """Further tries where a reply cannot be read."""
    max_tokens: int | None = None
    seed: int = 0

    @property
    def judge(self) -> str:
        """The judge's name."""
        return f"{self.model} / {self.prompt.title}"

    def build_parameters(self) -> dict[str, Any]:
        """What decides a verdict besides model and prompt."""
        return {
            "temperature": self.temperature,
            "retries": self.retries,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
        }

    @property
    def judge_key(self) -> str:
        """SHA-256 (hex) over prompt, schema, model and parameters."""
        parts = [self.prompt.content_hash, self.prompt.build_schema(), self.model, self.build_parameters()]
        return compute_content_hash(parts)


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """What a judging run did."""

    n_planned: int
    n_known: int
    """Verdicts that were stored before."""
    n_parsed: int
    n_unparsed: int
    """New verdicts that could not be read; stored as such."""
    n_without_text: int
    """Transcripts that hold nothing to read."""
    outcome: WorkOutcome


@dataclass(frozen=True, slots=True)
class JudgeReply:
    """What came of asking the judge about one transcript."""

    parsed: ParsedReply
    raw: str
    """The last reply, verbatim."""
    n_tries: int
    structured: bool
    """Whether the server took the JSON schema."""
    finish_reason: str
    usage: TokenUsage
    earlier: tuple[str, ...] = ()
    """Replies before it that could not be read."""


@dataclass
class JudgeRunner:
    """One judge at work."""

    spec: JudgeSpec
    client: ModelClient
    takes_schema: bool = True
    """Until the server refuses a request for its schema and answers the same one without."""

    async def judge_transcript(self, content: Content, repeat: int) -> JudgeReply:
        """Ask until a reply can be read or the tries are used up. Raises ClientError."""
        spec = self.spec
        earlier: list[str] = []
        usage = TokenUsage()
        # A retry shows the judge its own reply and what was wrong: at temperature 0 the same request brings the same.
        correction: list[dict[str, Any]] = []
        while True:
            # of the content and not of its id: another database with the same transcript asks alike
            seed = derive_seed(spec.seed, spec.judge_key, content.compute_hash(), repeat, len(earlier))
            body = content.model_dump(mode="json")
            rendered = render_prompt(spec.prompt, body, seed=f"{spec.judge_key}/{seed}")
            request = CompletionRequest(
                model=spec.model,
                messages=[*rendered.build_messages(), *correction],
                temperature=spec.temperature,
                seed=seed,
                max_tokens=spec.max_tokens,
            )
            reply, structured = await self.ask(request)
            usage += reply.usage
            parsed = parse_answer(reply, spec.prompt, len(content.messages))
            raw = get_raw_text(reply)
            if parsed.is_parsed or len(earlier) >= spec.retries:
                return JudgeReply(
                    parsed, raw, len(earlier) + 1, structured, reply.finish_reason, usage, tuple(earlier)
                )
            earlier.append(raw)
            correction = make_correction_messages(raw, parsed.reason)

    async def ask(self, request: CompletionRequest) -> tuple[ModelReply, bool]:
        """The reply, and whether the schema went along. Raises ClientError."""
        if self.takes_schema:
            structured = replace(request, response_format=self.spec.prompt.build_response_format())
            try:
                return await self.client.complete(structured), True
            except RequestRefused:
                # refused with and without the schema: the request itself is at fault, and the error is raised
                reply = await self.client.complete(request)
            # it was the schema: no later request need fail for it
            self.takes_schema = False
            return reply, False
        return await self.client.complete(request), False


def parse_answer(reply: ModelReply, prompt: JudgePrompt, n_messages: int) -> ParsedReply:
    """The verdict in what the judge said; its reasoning is not searched for one."""
    if not reply.text.strip():
        # a content filter cuts the reply without a word of refusal
        refused = reply.refusal is not None or reply.finish_reason == "content_filter"
        reason = "the judge refused" if refused else "the reply is empty"
        return ParsedReply("unparsed", reason=reason)
    return parse_reply(reply.text, prompt.questions, n_messages)


def get_raw_text(reply: ModelReply) -> str:
    """The reply's text; its refusal, or else its reasoning, where it says nothing."""
    return reply.text or reply.refusal or reply.reasoning or ""


def make_correction_messages(raw: str, reason: str) -> list[dict[str, Any]]:
    """The judge's unreadable reply and what to do about it."""
    return [
        {"role": "assistant", "content": raw or "(empty)"},
        {
            "role": "user",
            "content": f"That reply cannot be read: {reason[:MAX_REASON_LENGTH]}. Answer with the one JSON object and nothing else.",
        },
    ]


async def judge_study(
    engine: Database,
    spec: JudgeSpec,
    endpoint: Endpoint,
    *,
    prices: Prices | None = None,
    on_start: Callable[[int, int], None] = lambda _missing, _known: None,
    on_done: Callable[[], None] = lambda: None,
    actor: str = RESEARCHER,
) -> JudgeResult:
    """Read and store what is missing; a transcript whose request failed is left for the next time. Raises StudyError."""
    with read_session(engine) as session:
        pool = find_judgeable_transcripts(session, get_study(session, spec.study), drawn_only=spec.drawn_only)
        known = {
            repeat: find_judged_ids(session, spec.judge_key, repeat) for repeat in range(1, spec.repeats + 1)
        }
    # repeat by repeat, so that an interrupted run has read everything once before anything twice
    planned = list(product(range(1, spec.repeats + 1), pool.ids))
    missing = [(repeat, row_id) for repeat, row_id in planned if row_id not in known[repeat]]
    if missing:
        log_judging_start(engine, spec, len(missing), actor)
    on_start(len(missing), len(planned) - len(missing))
    store = VerdictStore(engine, spec, endpoint)
    async with ModelClient(endpoint, prices) as client:
        judge = JudgeRunner(spec, client)

        async def make_reply(item: tuple[int, int]) -> JudgeReply:
            repeat, transcript_id = item
            # one at a time and not all at the start: a pool may be larger than the memory
            content = await asyncio.to_thread(store.load_content, transcript_id)
            return await judge.judge_transcript(content, repeat)

        outcome = await make_and_commit(
            missing, make_reply, store.commit, concurrency=endpoint.concurrency, on_done=on_done
        )
    return JudgeResult(
        n_planned=len(planned),
        n_known=len(planned) - len(missing),
        n_parsed=store.counts["parsed"],
        n_unparsed=store.counts["unparsed"],
        n_without_text=pool.n_without_text,
        outcome=outcome,
    )


def log_judging_start(engine: Database, spec: JudgeSpec, n_missing: int, actor: str) -> None:
    """Say in the audit log who lets which judge read, before the first verdict is stored."""
    with write_session(engine) as session:
        study = get_study(session, spec.study)
        append_event(
            session, actor, "judging begun", f"study {study.id}", judge=spec.judge, missing=n_missing
        )


class VerdictStore:
    """Loads transcripts and commits verdicts one by one."""

    def __init__(self, engine: Database, spec: JudgeSpec, endpoint: Endpoint) -> None:
        self.engine = engine
        self.spec = spec
        self.base_url = endpoint.get_public_url()
        self.counts = Counter[str]()
        """New verdicts by state."""

    def load_content(self, transcript_id: int) -> Content:
        """The transcript as it was before redaction."""
        with read_session(self.engine) as session:
            content = load_original_content(session, transcript_id)
        assert content is not None, "find_judgeable_transcripts names only transcripts with text"
        return content

    def commit(self, item: tuple[int, int], reply: JudgeReply) -> None:
        """Store the verdict of one (repeat, transcript), with its prompt and run, in one transaction."""
        (repeat, transcript_id), spec = item, self.spec
        prompt = spec.prompt
        with write_session(self.engine) as session:
            prompt_id = ensure_judge_prompt(
                session, prompt.name, prompt.version, prompt.content_hash, prompt.text
            )
            config = {"judge_key": spec.judge_key, "base_url": self.base_url, **spec.build_parameters()}
            run_id = ensure_run(session, "judging", spec.judge, config)
            new = make_judge_verdict(spec, transcript_id, repeat, reply, self.base_url)
            add_verdicts(session, [replace(new, run_id=run_id, judge_prompt_id=prompt_id)])
        self.counts[reply.parsed.state] += 1


def make_judge_verdict(
    spec: JudgeSpec, transcript_id: int, repeat: int, reply: JudgeReply, base_url: str
) -> NewVerdict:
    """The verdict as it is stored; what could not be read keeps its text and has no answers."""
    parsed = reply.parsed
    return NewVerdict(
        transcript_id=transcript_id,
        judge=spec.judge,
        judge_key=spec.judge_key,
        state=parsed.state,
        answers=dict(parsed.answers),
        evidence=parsed.evidence,
        rationale=parsed.rationale,
        raw=reply.raw,
        model=spec.model,
        parameters=spec.build_parameters(),
        repeat=repeat,
        provenance={
            "base_url": base_url,
            "structured": reply.structured,
            "read": parsed.way or parsed.reason,
            "n_tries": reply.n_tries,
            "earlier_replies": list(reply.earlier),
            "finish_reason": reply.finish_reason,
            "prompt_tokens": reply.usage.prompt_tokens,
            "completion_tokens": reply.usage.completion_tokens,
            "cost": reply.usage.cost,
        },
    )
