"""Scenario review: the scenarios of a pack as items of a study, before any agent has met them.

Each becomes a transcript without messages and without a model, so that the same draw, desk and statistics serve.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.codebook import load_builtin_codebook, load_builtin_guideline
from secondreader.db.core.content import Content
from secondreader.db.core.engine import DatabaseSession
from secondreader.db.core.errors import StudyError
from secondreader.db.design.studies import ensure_study
from secondreader.db.design.study_file import set_codebook
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.runs import ensure_scenario
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.runner.intake.transcripts import scan_transcript, store_scanned
from secondreader.runner.scenarios.briefing import build_visible_fields
from secondreader.runner.scenarios.pack import Pack, Scenario, UnknownKey

if TYPE_CHECKING:
    from secondreader.db.core.records import StudyRecord

CODEBOOK = "scenario-review"
TITLE = "Scenario review"


def review_pack(
    session: DatabaseSession, pack: Pack, name: str, keys: Iterable[str] = (), *, actor: str = RESEARCHER
) -> tuple["StudyRecord", int]:
    """Put a pack's scenarios (all, or those of `keys`) into the draft study `name`; returns it and how many are new.

    A second time adds only what has changed since. Raises UnknownKey, and StudyError for a study that is frozen or
    holds something else.
    """
    book, guideline = load_builtin_codebook(CODEBOOK), load_builtin_guideline(CODEBOOK)
    study = ensure_study(session, name, title=TITLE, codebook=book, guideline=guideline, actor=actor)
    # labels about scenarios and about transcripts must not meet in one study
    if study.codebook.get("unit") != "scenario":
        raise StudyError(f"Study {name!r} is about transcripts; give the review another name.")
    study = set_codebook(session, study, book, guideline)
    new = [make_review_item(session, pack, scenario) for scenario in select_scenarios(pack, tuple(keys))]
    stored = store_scanned(session, [scan_transcript(item) for item in new])
    n_new = add_to_pool(session, study, stored.ids)
    # a repeat that adds nothing leaves no event behind
    if n_new:
        append_event(session, actor, "scenarios added", f"study {study.id}", pack=pack.name, rows=n_new)
    return study, n_new


def select_scenarios(pack: Pack, keys: tuple[str, ...]) -> list[Scenario]:
    """The scenarios to review. Raises UnknownKey."""
    known = {scenario.key for scenario in pack.scenarios}
    unknown = sorted(set(keys) - known)
    if unknown:
        raise UnknownKey(f"The pack has no scenario {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    return [scenario for scenario in pack.scenarios if not keys or scenario.key in keys]


def make_review_item(session: DatabaseSession, pack: Pack, scenario: Scenario) -> NewTranscript:
    """One scenario as an item: all that a reviewer needs to read, and nothing that happened."""
    return NewTranscript(
        origin_key=f"scenario:{scenario.key}:{scenario.content_hash}",
        cluster=scenario.key,
        content=make_review_content(scenario),
        provenance={"pack": pack.name, "version": pack.version},
        attributes={
            "pack": pack.name,
            "motive": scenario.motive,
            "risk_type": scenario.risk_types[0],
            "risk_types": ", ".join(scenario.risk_types),
            **({"domain": scenario.domain} if scenario.domain else {}),
        },
        scenario_id=ensure_scenario(session, pack.name, scenario.dump_body()),
    )


def make_review_content(scenario: Scenario) -> Content:
    """What the agent would read, with its standing instructions, and the rubric, which it would not."""
    parts = build_visible_fields(scenario)
    # reviewers judge the instructions too, and no message will show them
    background = f"Standing instructions\n{scenario.system_prompt}\n\nBackground\n{scenario.background}"
    return Content.model_validate(parts | {"background": background, "messages": ()})
