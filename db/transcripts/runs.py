"""Runs, scenarios and judge prompts, each stored once in each version."""

from typing import Any

from sqlmodel import Session, select

from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.tables import (
    JudgePrompt,
    Run,
    Scenario,
)


def ensure_run(session: Session, kind: str, name: str, config: dict[str, Any]) -> Run:
    """The run of this kind and configuration; made if it is new. `config` must hold no secret."""
    config_hash = compute_content_hash([kind, name, config])
    run = session.exec(select(Run).where(Run.config_hash == config_hash)).first()
    if run is None:
        run = Run(kind=kind, name=name, config=config, config_hash=config_hash)
        session.add(run)
        session.flush()
    return run


def ensure_scenario(session: Session, pack: str, body: dict[str, Any]) -> Scenario:
    """This version of a scenario (`body` has key, title, motive and risk_types at least); made if it is new."""
    fingerprint = compute_content_hash(body)
    row = session.exec(
        select(Scenario).where(Scenario.key == body["key"], Scenario.content_hash == fingerprint)
    ).first()
    if row is None:
        row = Scenario(
            key=body["key"],
            pack=pack,
            title=body["title"],
            motive=body["motive"],
            risk_types=body["risk_types"],
            body=body,
            content_hash=fingerprint,
        )
        session.add(row)
        session.flush()
    return row


def ensure_judge_prompt(
    session: Session, name: str, version: str, fingerprint: str, text: str
) -> JudgePrompt:
    """This version of a judge prompt; made if it is new."""
    row = session.exec(select(JudgePrompt).where(JudgePrompt.content_hash == fingerprint)).first()
    if row is None:
        row = JudgePrompt(name=name, version=version, content_hash=fingerprint, text=text)
        session.add(row)
        session.flush()
    return row
