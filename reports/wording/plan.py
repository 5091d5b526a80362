"""A frozen plan in words, in the order in which a reader asks for it. Its raw form is in the database, under the hash."""

import json
from collections.abc import Mapping
from typing import Any

from secondreader.db.core.desk_rules import Rules, parse_rules
from secondreader.reports.wording.names import pluralize

UNSURE_MEANINGS = {
    "standard": "an answer of its own between people, missing where a judge is scored",
    "category": "an answer of its own",
    "missing": "missing",
    "worst-case": "worst case both ways",
}
"""What the plan lets "unsure" count as."""
DESCRIBED_FIELDS = frozenset(
    [
        "title",
        "notice",
        "n_items",
        "items",
        "strata",
        "judge",
        "question",
        "seed",
        "annotators",
        "overlap",
        "repeats",
        "repeat_gap",
        "rules",
        "parts",
        "qualification",
        "attention",
        "n_calibration",
        "analyses",
        "interim_looks",
        "accepted_leaks",
        "amended",
        "codebook",
        "guideline",
    ]
)
"""Fields of a plan that `describe_plan` puts into words; those of a later version are shown as they are."""


def describe_plan(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What and its words; nothing for the plan of a draft, which is empty."""
    if not plan:
        return []
    rules, analyses = parse_rules(plan.get("rules", {})), plan.get("analyses", {})
    others = [
        (name, json.dumps(value)) for name, value in sorted(plan.items()) if name not in DESCRIBED_FIELDS
    ]
    return [
        ("Draw", describe_sampling(plan)),
        ("Readers", describe_readers(plan)),
        ("Repeats", describe_repeats(plan, rules)),
        ("Queue", describe_queue(rules)),
        *describe_onboarding(plan, rules),
        ("Reasoning", describe_reasoning(rules)),
        (
            "Guesses of the model",
            f"for {pluralize(rules.guesses, 'transcript')} a person" if rules.guesses else "not asked",
        ),
        (
            "Unsure counts as",
            UNSURE_MEANINGS.get(analyses.get("unsure", "standard"), str(analyses.get("unsure"))),
        ),
        ("Judge of the headline", str(analyses.get("judge") or describe_unnamed_judge(plan))),
        ("Analysis plan", str(analyses.get("notes") or "–")),
        ("Interim looks", "allowed" if plan.get("interim_looks") else "not allowed"),
        *describe_accepted_leaks(plan),
        ("Title for annotators", str(plan.get("title", "–"))),
        ("Notice for annotators", str(plan.get("notice") or "–")),
        *([("Plan before the last amendment", str(plan["amended"]))] if plan.get("amended") else []),
        *others,
    ]


def describe_accepted_leaks(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Why the study was frozen with leak findings that nobody had decided on; nothing where there were none."""
    accepted = plan.get("accepted_leaks")
    if not accepted:
        return []
    size = pluralize(int(accepted["transcripts"]), "transcript")
    return [("Frozen with undecided leaks", f"{size}: {accepted['why']}")]


def describe_unnamed_judge(plan: Mapping[str, Any]) -> str:
    """Whose figures lead where the plan names nobody."""
    return (
        "that of the strata" if plan.get("strata") == "verdict" else "not named: the one with most verdicts"
    )


def describe_sampling(plan: Mapping[str, Any]) -> str:
    """How many transcripts, and how they were drawn."""
    size = pluralize(int(plan.get("n_items", 0)), "transcript")
    how = "a simple random sample"
    if plan.get("strata") == "verdict":
        how = f"in equal numbers from each verdict of {plan.get('judge')} on {plan.get('question')}, as far as there are any"
    return f"{size}, {how}; seed {plan.get('seed')}"


def describe_readers(plan: Mapping[str, Any]) -> str:
    """Who reads, and how many read each transcript."""
    people = [str(name) for name in plan.get("annotators", ())]
    return f"{plan.get('overlap')} of each transcript; annotators: {', '.join(people) or 'nobody'}"


def describe_repeats(plan: Mapping[str, Any], rules: Rules) -> str:
    """What returns unannounced."""
    share = float(plan.get("repeats", 0))
    if not share:
        return "none"
    of = "what each person labels" if rules.queue == "shared" else "each queue"
    return f"{share:.0%} of {of}, unannounced, after at least {plan.get('repeat_gap')} others"


def describe_queue(rules: Rules) -> str:
    """Who gets which transcript when."""
    if rules.queue == "fixed":
        return "fixed: dealt when the plan was frozen"
    return f"shared: people take the next open transcript, which is kept for them for {rules.lease_minutes} minutes"


def describe_onboarding(plan: Mapping[str, Any], rules: Rules) -> list[tuple[str, str]]:
    """Practice, calibration and attention items."""
    parts = plan.get("parts", {})
    n = {part: len(parts.get(part, ())) for part in ("qualification", "calibration", "attention")}
    rounds = pluralize(rules.qualification_rounds, "round")
    practice = f"{pluralize(n['qualification'], 'item')}, {rules.qualification_threshold:.0%} to be right, at most {rounds}"
    return [
        ("Practice", practice if n["qualification"] else "none"),
        ("Calibration", pluralize(n["calibration"], "transcript") if n["calibration"] else "none"),
        ("Attention items", f"{n['attention']} a person" if n["attention"] else "none"),
    ]


def describe_reasoning(rules: Rules) -> str:
    """When the visible reasoning is shown."""
    return f"only after {rules.reasoning_after} is answered" if rules.reasoning_after else "shown at once"
