"""A study before any estimate: pool, sample, people, judges, and the hashes that pin them down."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.design.amendments import AmendmentRow
from secondreader.db.design.headline_judge import HeadlineJudge, choose_headline_judge
from secondreader.db.design.unblinding import Unblinding, allows_interim_looks
from secondreader.db.research.items import ItemRecord
from secondreader.db.research.progress import AnnotatorProgress
from secondreader.db.transcripts.leak_reviews import LeakCounts
from secondreader.reports.analysis.load import StudySnapshot

if TYPE_CHECKING:
    from secondreader.judge.data.unsure import Unsure


UNSURE_POLICIES: "dict[str, Unsure]" = {"category": "category", "missing": "missing", "worst-case": "worst"}
"""The plan's words for what "unsure" counts as."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum of the sample."""

    name: str
    n_drawn: int
    """Transcripts sampled for labelling."""
    inclusion_probability: float | None
    """Sampled ÷ available (0..1); None where transcripts of the stratum had different probabilities."""
    n_labelled: int
    """Sampled transcripts with at least one label."""


@dataclass(frozen=True, slots=True)
class JudgeCounts:
    """How one judge's requests on the pool ended."""

    judge: str
    n_parsed: int
    n_unparsed: int
    """Replies from which no verdict could be read."""
    n_error: int
    """Requests that failed for good."""

    @property
    def n(self) -> int:
        """All requests that ended."""
        return self.n_parsed + self.n_unparsed + self.n_error


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study as it stands now."""

    name: str
    title: str
    notice: str
    """Shown above everything, e.g. "illustrative sample, written by hand"; empty for most studies."""
    status: str
    """draft, open, paused or closed"""
    frozen_at: datetime | None
    n_pool: int
    n_scenarios: int
    n_drawn: int
    n_labelled: int
    """Transcripts with at least one label of any source."""
    strata: tuple[Stratum, ...]
    annotators: tuple[AnnotatorProgress, ...]
    judges: tuple[JudgeCounts, ...]
    """The headline's judge first, then those with most verdicts."""
    headline: HeadlineJudge
    """The judge of the headline figures."""
    codebook: Codebook
    codebook_hash: str
    guideline_hash: str
    plan: Mapping[str, Any]
    """The frozen plan; empty for a draft."""
    plan_hash: str | None
    unblinding: Unblinding | None
    """Who let judge and people be compared, when and why; None before it."""
    interim_looks: bool
    """Whether the plan lets them be compared before the study is closed."""
    leaks: LeakCounts
    """What the leak scan found in the study's transcripts, and what was decided."""
    amendments: tuple[AmendmentRow, ...]
    """What was changed after freezing, oldest first."""

    @property
    def unsure_policy(self) -> "Unsure | None":
        """What the plan lets "unsure" count as in the headline figures; None: the standard of `agree`."""
        return UNSURE_POLICIES.get(self.plan.get("analyses", {}).get("unsure", "standard"))


def summarize_study(snapshot: StudySnapshot) -> StudySummary:
    """The facts of a study."""
    study, items = snapshot.study, snapshot.pool
    labelled = {label.transcript_id for label in snapshot.labels}
    judges = count_verdicts(snapshot)
    headline = choose_headline_judge(study.plan, [judge.judge for judge in judges])
    return StudySummary(
        name=study.name,
        title=study.title,
        notice=study.notice,
        status=study.status,
        frozen_at=study.frozen_at,
        n_pool=len(items),
        n_scenarios=len({item.cluster for item in items}),
        n_drawn=sum(item.inclusion_probability is not None for item in items),
        n_labelled=len(labelled & {item.transcript_id for item in items}),
        strata=summarize_strata(items, labelled),
        annotators=tuple(snapshot.list_progress()),
        # sorted is stable: behind the headline's judge, the order by verdicts stays
        judges=tuple(sorted(judges, key=lambda counts: counts.judge != headline.judge)),
        headline=headline,
        codebook=Codebook.model_validate(study.codebook),
        codebook_hash=study.codebook_hash,
        guideline_hash=compute_content_hash(study.guideline),
        # the list of items is long and has the hash of the plan to vouch for it
        plan={name: value for name, value in study.plan.items() if name != "items"},
        plan_hash=study.plan_hash,
        unblinding=snapshot.unblinding,
        interim_looks=allows_interim_looks(study),
        leaks=snapshot.leaks,
        amendments=snapshot.amendments,
    )


def summarize_strata(items: Iterable[ItemRecord], labelled: set[int]) -> tuple[Stratum, ...]:
    """The strata of the sampled items, by name."""
    drawn: dict[str, list[ItemRecord]] = {}
    for item in items:
        if item.inclusion_probability is not None:
            drawn.setdefault(item.stratum or "all", []).append(item)
    strata = []
    for name, members in sorted(drawn.items()):
        chances = {member.inclusion_probability for member in members}
        done = sum(member.transcript_id in labelled for member in members)
        strata.append(Stratum(name, len(members), chances.pop() if len(chances) == 1 else None, done))
    return tuple(strata)


def count_verdicts(snapshot: StudySnapshot) -> tuple[JudgeCounts, ...]:
    """Verdicts of each judge on the pool by state, the judge with most of them first."""
    # What was excluded for a leak counts for no judge: no figure uses a verdict on it.
    pool = {item.transcript_id for item in snapshot.pool}
    counted = Counter(
        (verdict.judge, verdict.state) for verdict in snapshot.verdicts if verdict.transcript_id in pool
    )
    judges = [
        JudgeCounts(judge, *(counted[judge, state] for state in ("parsed", "unparsed", "error")))
        for judge in {judge for judge, _ in counted}
    ]
    return tuple(sorted(judges, key=lambda counts: (-counts.n_parsed, -counts.n, counts.judge)))
