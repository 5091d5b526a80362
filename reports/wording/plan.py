"""A frozen plan in sentences, in the order of a methods section. The database holds its raw form, under the hash."""

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
"""Ways to count "unsure" that a plan may choose."""
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
"""Fields that `describe_plan` puts into words; fields of a later version are shown as raw JSON."""


def describe_plan(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(heading, sentence) pairs; none for a draft, whose plan is empty."""
    if not plan:
        return []
    # plans of earlier versions lack later rules: parse_rules fills in what held then
    rules, analyses = parse_rules(plan.get("rules", {})), plan.get("analyses", {})
    others = [
        (name, json.dumps(value)) for name, value in sorted(plan.items()) if name not in DESCRIBED_FIELDS
    ]
    return [
        ("Sample", describe_sampling(plan)),
        ("Annotators", describe_annotators(plan)),
        ("Repeats", describe_repeats(plan, rules)),
        ("Queue", describe_queue(rules)),
        *describe_onboarding(plan, rules),
        ("Reasoning", describe_reasoning(rules)),
        (
            "Guesses of the model",
            f"for {pluralize(rules.guesses, 'transcript')} per person" if rules.guesses else "not asked",
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
    """Why the study was frozen with undecided leak findings; nothing where there were none."""
    accepted = plan.get("accepted_leaks")
    if not accepted:
        return []
    size = pluralize(int(accepted["transcripts"]), "transcript")
    return [("Frozen with undecided leaks", f"{size}: {accepted['why']}")]


def describe_unnamed_judge(plan: Mapping[str, Any]) -> str:
    """Which judge the headline figures are of where the plan names none."""
    return (
        "the judge of the strata"
        if plan.get("strata") == "verdict"
        else "not named: the judge with the most verdicts"
    )


def describe_sampling(plan: Mapping[str, Any]) -> str:
    """How many transcripts were sampled, and how."""
    size = pluralize(int(plan.get("n_items", 0)), "transcript")
    how = "a simple random sample"
    if plan.get("strata") == "verdict":
        how = f"the same number from each verdict of {plan.get('judge')} on {plan.get('question')}, as far as the pool has them"
    return f"{size}, {how}; seed {plan.get('seed')}"


def describe_annotators(plan: Mapping[str, Any]) -> str:
    """How many annotators label each transcript, and who they are."""
    people = [str(name) for name in plan.get("annotators", ())]
    return f"{plan.get('overlap')} for each transcript: {', '.join(people) or 'nobody'}"


def describe_repeats(plan: Mapping[str, Any], rules: Rules) -> str:
    """How many transcripts come back to the same annotator, unannounced."""
    share = float(plan.get("repeats", 0))
    if not share:
        return "none"
    base = "what each person labels" if rules.queue == "shared" else "each queue"
    return f"{share:.0%} of {base}, unannounced, after at least {plan.get('repeat_gap')} other transcripts"


def describe_queue(rules: Rules) -> str:
    """Whether assignments are fixed in advance or taken from a shared queue."""
    if rules.queue == "fixed":
        return "fixed: assigned when the plan was frozen"
    return f"shared: people take the next open transcript, which is reserved for them for {rules.lease_minutes} minutes"


def describe_onboarding(plan: Mapping[str, Any], rules: Rules) -> list[tuple[str, str]]:
    """Qualification, norming round and attention checks."""
    parts = plan.get("parts", {})
    n = {part: len(parts.get(part, ())) for part in ("qualification", "calibration", "attention")}
    rounds = pluralize(rules.qualification_rounds, "round")
    qualification = f"{pluralize(n['qualification'], 'item')}, at least {rules.qualification_threshold:.0%} right, in at most {rounds}"
    return [
        ("Qualification", qualification if n["qualification"] else "none"),
        ("Norming round", pluralize(n["calibration"], "transcript") if n["calibration"] else "none"),
        ("Attention checks", f"{n['attention']} per person" if n["attention"] else "none"),
    ]


def describe_reasoning(rules: Rules) -> str:
    """When annotators see the visible reasoning."""
    return f"only after {rules.reasoning_after} is answered" if rules.reasoning_after else "shown at once"
