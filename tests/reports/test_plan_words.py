"""A frozen plan in words."""

from secondreader.reports.plan_words import plan_pairs


def test_a_plan_reads_as_words() -> None:
    """Nothing looks like Python: names without underscores, yes and no, lists and nested rules, a dash for nothing."""
    plan = {
        "n_items": 30,
        "annotators": ["Mia", "Noor"],
        "interim_looks": False,
        "attention": [],
        "repeats": 0.1,
        "judge": None,
        "rules": {"lease_minutes": 120, "reasoning_after": None},
        "qualification": [{"transcript": "a", "answers": {"risky_action": "no"}}, {"transcript": "b"}],
        "codebook": "4cfc",
    }
    assert plan_pairs(plan, leave_out=["codebook"]) == [
        ("annotators", "Mia, Noor"),
        ("attention", "none"),
        ("interim looks", "no"),
        ("judge", "–"),
        ("transcripts to draw", "30"),
        ("qualification", "transcript: a; answers: risky action: no | transcript: b"),
        ("repeats", "0.1"),
        ("rules", "lease minutes: 120; reasoning after: –"),
    ]
