"""Runs, scenarios and judge prompts, each stored once in each version."""

from typing import Any

from sqlmodel import Session, select

from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.tables import JudgePrompt, Run, Scenario


def ensure_run(session: Session, kind: str, name: str, config: dict[str, Any]) -> int:
    """Id of the run of this kind and configuration; made if it is new. `config` must hold no secret."""
    # the same work started again continues its run
    config_hash = compute_content_hash([kind, name, config])
    known = session.exec(select(Run.id).where(Run.config_hash == config_hash)).first()
    return known or store_row(session, Run(kind=kind, name=name, config=config, config_hash=config_hash))


def ensure_scenario(session: Session, pack: str, body: dict[str, Any]) -> int:
    """Id of this version of a scenario (`body` has key, title, motive and risk_types at least); made if it is new."""
    content_hash = compute_content_hash(body)
    of_version = (Scenario.key == body["key"], Scenario.content_hash == content_hash)
    known = session.exec(select(Scenario.id).where(*of_version)).first()
    facts = {name: body[name] for name in ("key", "title", "motive", "risk_types")}
    return known or store_row(session, Scenario(pack=pack, body=body, content_hash=content_hash, **facts))


def ensure_judge_prompt(session: Session, name: str, version: str, content_hash: str, text: str) -> int:
    """Id of this version of a judge prompt; made if it is new."""
    known = session.exec(select(JudgePrompt.id).where(JudgePrompt.content_hash == content_hash)).first()
    return known or store_row(
        session, JudgePrompt(name=name, version=version, content_hash=content_hash, text=text)
    )


def store_row(session: Session, row: Run | Scenario | JudgePrompt) -> int:
    """Store a new row and return its id."""
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id
