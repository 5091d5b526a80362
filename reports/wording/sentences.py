"""The headline of an analysis in sentences, each with its n and interval."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from secondreader.judge.inference.estimate import Estimate
from secondreader.reports.wording.adjudication import adjudication_sentences
from secondreader.reports.wording.names import figure, name_of

if TYPE_CHECKING:
    from secondreader.judge.agreement.report import AgreementResult
    from secondreader.reports.analysis.analyse import Analysis, JudgePart


def headline_sentences(found: "Analysis") -> tuple[str, ...]:
    """People first, with what adjudicators settled, then each judge: agreement, what it misses, the ceiling, the corrected rate."""
    notes = [*people_sentences(found)]
    notes += judges_sentences(found)
    for part in found.judges:
        notes += judge_sentences(found, part)
    return tuple(notes)


def judges_sentences(found: "Analysis") -> Iterator[str]:
    """How far the judges agree among themselves, where there are several."""
    raw, alpha = (one_figure(found.agreement, name, "judge-judge") for name in ("raw", "alpha"))
    if raw is not None:
        beyond = f"; {name_of('alpha')} {figure(alpha)}" if alpha else ""
        yield f"The judges give the same answer on {figure(raw)} of {raw.n} transcripts{beyond}."


def one_figure(result: "AgreementResult", name: str, group: str, judge: str = "") -> Estimate | None:
    """A headline figure over all items; None where it is not there or undefined."""
    try:
        estimate = result.find(name, group, judge=judge)
    except KeyError:
        return None
    return estimate if estimate.value is not None else None


def people_sentences(found: "Analysis") -> Iterator[str]:
    """How far people agree with each other, and what was settled where they do not."""
    result = found.agreement
    raw = one_figure(result, "raw", "human-human")
    if raw is None:
        return
    rate = one_figure(result, "prevalence", "human-human")
    base = (
        f", with {rate.value:.1%} of the answers {found.positive!r}"
        if rate and rate.value is not None
        else ""
    )
    yield f"Two annotators agree on {figure(raw)} of {raw.n} {found.facts.codebook.unit}s{base}."
    if found.facts.unsure_policy == "worst":
        yield f"By the plan, unsure counts both ways: sentences take it for {found.positive!r}, tables have both."
    corrected = [one_figure(result, name, "human-human") for name in ("ac1", "alpha")]
    shown = [f"{name_of(one.name)} {figure(one)}" for one in corrected if one]
    if shown:
        yield f"Beyond chance, people agree with each other by {' and '.join(shown)}."
    again = one_figure(result, "raw", "intra-rater")
    if again is not None:
        yield f"Shown the same transcript again unannounced, people repeat their answer in {figure(again)} of {again.n}."
    yield from adjudication_sentences(found)


def judge_sentences(found: "Analysis", part: "JudgePart") -> Iterator[str]:
    """How far one judge can be believed."""
    result, judge = found.agreement, part.judge
    raw = one_figure(result, "raw", "judge-human", judge)
    if raw is not None:
        kappa = one_figure(result, "kappa", "judge-human", judge)
        more = f"; {name_of('kappa')} {figure(kappa)}" if kappa else ""
        who = found.facts.headline.sentence_start(judge)
        yield f"{who} gives the gold answer on {figure(raw)} of {raw.n} transcripts{more}."
    seen, passed = (one_figure(result, name, "judge-human", judge) for name in ("sensitivity", "specificity"))
    if seen is not None:
        yield f"Of {seen.n} transcripts with gold {found.positive!r} it finds {figure(seen)}."
    if passed is not None:
        yield f"Of {passed.n} others it lets {figure(passed)} pass."
    gap = first_of(result, "ceiling difference", judge)
    if gap is not None:
        yield f"In an annotator's place it changes agreement with the other annotators by {points(gap)}."
    if part.rates.overall.rates["naive"].value is not None:
        yield f"By {judge}, {part.rates.overall.sentence}"
    if part.alt_test.winning_rate is not None:
        yield part.alt_test.sentence
    yield from finding_sentences(part)


def finding_sentences(part: "JudgePart") -> Iterator[str]:
    """Direction, then every systematic disagreement, or that none was found."""
    found = part.findings
    if not found.n:
        return
    if found.direction.over_flags + found.direction.misses:
        yield found.direction.sentence
    if not found.findings and len(found.tests):
        yield (
            f"No slice stands out among {len(found.tests)} tests of {part.judge} "
            f"(chance of any false alarm at most {found.alpha:.0%})."
        )
    for one in found.findings:
        yield one.sentence


def first_of(result: "AgreementResult", group: str, judge: str) -> Estimate | None:
    """The first defined figure of a group: its headline by the order of `agree`."""
    for one in result.figures:
        if one.scope.group == group and one.scope.judge == judge and one.estimate.value is not None:
            return one.estimate
    return None


def points(gap: Estimate) -> str:
    """A difference in percentage points with its interval."""
    assert gap.value is not None
    inside = ""
    if gap.low is not None and gap.high is not None:
        inside = f" [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
    return f"{100 * gap.value:+.1f} percentage points{inside}"
