"""Every figure of an analysis in one flat frame, as CSV, and the analysis as JSON: one place for report, console, CLI."""

import io
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.judge.inference.estimate import Estimate
from secondreader.reports.wording.sentences import headline_sentences
from secondreader.runner.exporters.spreadsheet_csv import write_rows

if TYPE_CHECKING:
    from secondreader.judge.agreement.alt_test import AltTestResult
    from secondreader.reports.analysis.analyse import Analysis, JudgePart

SCOPE = ("section", "judge", "one", "two", "slice_name", "slice_value", "unsure", "headline")
"""Who and where: section is the kind of comparison; one and two are the sides; unsure is what became of it."""
FIGURE = (
    "name",
    "value",
    "low",
    "high",
    "n",
    "n_clusters",
    "level",
    "method",
    "source",
    "reason",
    "interval_reason",
    "warnings",
)
"""What is known of a figure: the fields of Estimate."""


def all_figures(found: "Analysis") -> pd.DataFrame:
    """One row a figure, columns SCOPE then FIGURE."""
    rows = [*agreement_rows(found), *quality_rows(found), *preparation_rows(found), *review_rows(found)]
    for part in found.judges:
        rows += [*alt_rows(part.alt_test), *rate_rows(part), *slice_rows(part)]
    return pd.DataFrame(rows, columns=[*SCOPE, *FIGURE])


def scoped(section: str, estimate: Estimate, **scope: Any) -> dict[str, Any]:
    """One figure as a row."""
    blank: dict[str, Any] = dict.fromkeys(SCOPE, "")
    return {**blank, "headline": True, **scope, "section": section, **estimate.row()}


def agreement_rows(found: "Analysis") -> Iterator[dict[str, Any]]:
    """Figures of `agree`; its group is our section."""
    for figure in found.agreement.figures:
        row = figure.row()
        yield {"section": row.pop("group"), **row}


def quality_rows(found: "Analysis") -> Iterator[dict[str, Any]]:
    """Flip rate, alpha on repeats and unsure rate of each annotator."""
    if found.quality.raters:
        yield scoped("label quality", found.quality.flip_rate, one="all annotators")
    for rater in found.quality.raters:
        for estimate in (rater.flip_rate, rater.repeat_alpha, rater.unsure_rate):
            yield scoped("label quality", estimate, one=rater.rater)


def review_rows(found: "Analysis") -> Iterator[dict[str, Any]]:
    """Every question of a review of scenarios."""
    for question, estimate in found.review:
        yield scoped("review", estimate, one=question)


def preparation_rows(found: "Analysis") -> Iterator[dict[str, Any]]:
    """Agreement on calibration items before and after the discussion; guesses of the model, where any were made."""
    beside = found.preparation
    for when, estimate in beside.calibration:
        yield scoped("calibration", estimate, one=when)
    if beside.n_guessers:
        yield scoped("guesses", beside.guesses.rate)
        yield scoped("guesses", beside.guesses.chance)


def alt_rows(test: "AltTestResult") -> Iterator[dict[str, Any]]:
    """Winning rates and advantage probability of the alternative annotator test, where it could be made."""
    figures = {
        "winning_rate": test.winning_rate,
        "winning_rate_by_scenario": test.winning_rate_cluster,
        "advantage_probability": test.advantage_probability,
    }
    tested = sum(duel.p is not None for duel in test.duels)
    for name, value in figures.items():
        if value is not None:
            shown = Estimate(name, value, n=tested, source=test.source, method=f"epsilon {test.epsilon:g}")
            yield scoped("alternative annotator test", shown, judge=test.judge)


def rate_rows(part: "JudgePart") -> Iterator[dict[str, Any]]:
    """Rates by every estimator and group, and differences between groups."""
    for group in (part.rates.overall, *part.rates.groups):
        for estimate in group.rates.values():
            yield scoped("rate", estimate, judge=part.judge, slice_name=group.column, slice_value=group.group)
    for one in part.rates.differences:
        for kind, estimate in (("naive", one.naive), ("post_stratified", one.corrected)):
            row = scoped(
                "rate difference",
                estimate,
                judge=part.judge,
                one=one.group,
                two=one.reference,
                slice_name=one.column,
            )
            yield {**row, "name": kind}


def slice_rows(part: "JudgePart") -> Iterator[dict[str, Any]]:
    """Difference of the error rate inside and outside each tested slice; the adjusted p stands in the method."""
    found = part.findings
    for tests in (found.frame(), found.unparsed):
        for row in tests.to_dict("records"):
            how = f"scenario permutation, B={found.permutations}, seed {found.seed}"
            shown = Estimate(
                str(row["statistic"]),
                float(row["difference"]),
                low=float(row["low"]),
                high=float(row["high"]),
                n=int(row["n_in"]),
                n_clusters=found.n_clusters,
                method=f"{how}; adjusted p = {row['p_adjusted']:.4f}, q = {row['q']:.4f}",
                source="Westfall & Young (1993), max-T",
            )
            yield scoped(
                "slice test", shown, judge=part.judge, one="inside", two="outside", slice_value=row["slice"]
            )


def as_csv(figures: pd.DataFrame) -> str:
    """The figures as CSV that a spreadsheet may open."""
    out = io.StringIO(newline="")
    write_rows(out, [str(name) for name in figures.columns], figures.itertuples(index=False, name=None))
    return out.getvalue()


def findings_of(part: "JudgePart") -> dict[str, Any]:
    """One judge's search for systematic disagreement as JSON values."""
    found = part.findings
    return {
        "alpha": found.alpha,
        "permutations": found.permutations,
        "seed": found.seed,
        "n": found.n,
        "n_clusters": found.n_clusters,
        "direction": found.direction.sentence,
        "findings": [plain({**asdict(one), "sentence": one.sentence}) for one in found.findings],
        "tests": records(found.frame()),
        "unparsed": records(found.unparsed),
        "untested": [plain(asdict(one)) for one in found.untested],
        "annotators": [plain(asdict(one)) for one in found.annotators],
    }


def plain(value: Any) -> Any:
    """A value as JSON knows it; NaN becomes null."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as JSON objects."""
    objects = frame.astype(object).where(frame.notna(), None)
    return [plain(row) for row in objects.to_dict("records")]


def as_dict(found: "Analysis") -> dict[str, Any]:
    """The analysis as plain JSON values."""
    return {
        "study": {"name": found.facts.name, "title": found.facts.title, "notice": found.facts.notice},
        "question": found.question.model_dump(mode="json"),
        "inputs_hash": found.inputs_hash,
        "inputs": plain(found.inputs),
        "headline_judge": plain(asdict(found.facts.headline)) if found.judges else None,
        "sentences": list(headline_sentences(found)),
        "missing": list(found.missing),
        "warnings": list(found.warnings),
        "cannot_support": list(found.quality.cannot_support),
        "figures": records(found.figures),
        "confusion": records(found.agreement.confusion),
        "adjudication": asdict(found.adjudication) if found.adjudication else None,
        "gold_changes": [plain(asdict(change)) for change in found.agreement.changes],
        "alternative_annotator_test": {
            part.judge: {"sentence": part.alt_test.sentence, "annotators": records(part.alt_test.frame())}
            for part in found.judges
        },
        "systematic_disagreement": {part.judge: findings_of(part) for part in found.judges},
        "label_quality": records(found.quality.frame()),
    }


def as_json(found: "Analysis") -> str:
    """The analysis as a JSON document."""
    return json.dumps(as_dict(found), indent=2, ensure_ascii=False, allow_nan=False)
