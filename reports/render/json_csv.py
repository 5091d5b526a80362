"""An analysis as data for other programs: JSON with everything, CSV with one row a figure."""

import io
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondreader.reports.wording.sentences import describe_headline
from secondreader.runner.exporters.spreadsheet_csv import write_rows

if TYPE_CHECKING:
    from secondreader.reports.analysis.judges import JudgeAnalysis
    from secondreader.reports.analysis.result import Analysis


def format_csv(analysis: "Analysis") -> str:
    """Every figure as CSV; no cell is a formula to a spreadsheet, and numbers are numbers."""
    estimates = analysis.estimates
    out = io.StringIO(newline="")
    write_rows(out, [str(name) for name in estimates.columns], estimates.itertuples(index=False, name=None))
    return out.getvalue()


def serialize_findings(part: "JudgeAnalysis") -> dict[str, Any]:
    """One judge's search for systematic disagreement as JSON values."""
    search = part.findings
    return {
        "alpha": search.alpha,
        "permutations": search.permutations,
        "seed": search.seed,
        "n": search.n,
        "n_clusters": search.n_clusters,
        "direction": search.direction.sentence,
        "findings": [
            make_json_value({**asdict(finding), "sentence": finding.sentence}) for finding in search.findings
        ],
        "tests": list_json_records(search.build_frame()),
        "unparsed": list_json_records(search.unparsed),
        "untested": [make_json_value(asdict(slice_test)) for slice_test in search.untested],
        "annotators": [make_json_value(asdict(annotator)) for annotator in search.annotators],
    }


def make_json_value(value: Any) -> Any:
    """A value as JSON knows it; NaN becomes null."""
    if isinstance(value, dict):
        return {str(key): make_json_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [make_json_value(inner) for inner in value]
    # JSON has no NaN: json.dumps would write one that no other reader takes
    if isinstance(value, float) and not math.isfinite(value):
        return None
    # numpy scalars are no JSON values
    return value.item() if hasattr(value, "item") else value


def list_json_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as JSON objects."""
    # a column of numbers cannot hold None, one of objects can
    objects = frame.astype(object).where(frame.notna(), None)
    return [make_json_value(row) for row in objects.to_dict("records")]


def serialize_analysis(analysis: "Analysis") -> dict[str, Any]:
    """The analysis as plain JSON values."""
    return {
        "study": {
            "name": analysis.summary.name,
            "title": analysis.summary.title,
            "notice": analysis.summary.notice,
        },
        "question": analysis.question.model_dump(mode="json"),
        "inputs_hash": analysis.inputs_hash,
        "inputs": make_json_value(analysis.inputs),
        "headline_judge": make_json_value(asdict(analysis.summary.headline)) if analysis.judges else None,
        "sentences": list(describe_headline(analysis)),
        "missing": list(analysis.missing),
        "warnings": list(analysis.warnings),
        "cannot_support": list(analysis.quality.limitations),
        "figures": list_json_records(analysis.estimates),
        "confusion": list_json_records(analysis.agreement.confusion),
        "adjudication": asdict(analysis.adjudication) if analysis.adjudication else None,
        "gold": {
            "method": analysis.gold.name,
            "policy": analysis.gold.policy,
            **asdict(analysis.gold.count()),
            "sentence": analysis.gold.sentence,
        },
        "gold_changes": [make_json_value(asdict(change)) for change in analysis.agreement.changes],
        "alternative_annotator_test": {
            part.judge: {
                "sentence": part.alt_test.sentence,
                "annotators": list_json_records(part.alt_test.build_frame()),
            }
            for part in analysis.judges
        },
        "systematic_disagreement": {part.judge: serialize_findings(part) for part in analysis.judges},
        "label_quality": list_json_records(analysis.quality.build_frame()),
    }


def format_json(analysis: "Analysis") -> str:
    """Every figure and table as a JSON document, with what they were computed from."""
    return json.dumps(serialize_analysis(analysis), indent=2, ensure_ascii=False, allow_nan=False)
