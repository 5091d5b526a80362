"""axe-core in a real browser: what it finds wrong on a page, in light and dark, on a wide screen and on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

SCHEMES = ("light", "dark")
SIZES = ((1280, 800), (390, 844))
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that look at colours: what the others find is the same in every colour scheme."""
SERIOUS = {"serious", "critical"}
THEIRS = {
    (
        "list",
        "stSidebarNavItems",
    ): "Streamlit 1.67 puts the groups of its navigation into the list as plain boxes",
    ("listitem", "stSidebarNavItems"): "the items of those groups",
}
"""(rule, part of Streamlit's frame by its test id) -> why a finding there is left to Streamlit."""

RUN = """async only => {
  // preload: only a rule on locked orientation, which is not among these, reads the style sheets' text
  const run = (where, what) => axe.run(where, { runOnly: what, resultTypes: ["violations"], elementRef: true, preload: false });
  const small = { type: "rule", values: ["target-size"] };
  const isSmallInTheMiddle = async ({ element }) => {
    element.scrollIntoView({ block: "center" });
    return (await run(element, small)).violations.length > 0;
  };
  const { violations } = await run(document, only);
  for (const one of violations) { // what only lies under an edge that does not scroll is asked for again in full view
    if (one.id !== "target-size") continue;
    const kept = [];
    for (const node of one.nodes) if (await isSmallInTheMiddle(node)) kept.push(node);
    one.nodes = kept;
  }
  const within = element => {
    const names = [];
    for (let at = element; at; at = at.parentElement) if (at.dataset.testid) names.push(at.dataset.testid);
    return names;
  };
  return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(one => (
    { target: one.target, within: within(one.element), html: one.html, failureSummary: one.failureSummary })) }));
}"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One element that breaks a rule."""

    rule: str
    impact: str
    target: str
    """CSS selectors, through shadow roots by ' >> '."""
    within: tuple[str, ...]
    """Test ids of the element and its ancestors, as Streamlit names the parts of its frame; innermost first."""
    html: str
    why: str


@cache
def source() -> str:
    """axe.min.js, from the package that carries it."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def check(page: Page) -> None:
    """Nothing serious, however the page is looked at; it is left as it was."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for look in looks(page):
        for one in findings(page, only_colours=not look.startswith(SCHEMES[0])):
            if not is_theirs(one):
                found.setdefault((one.rule, one.target), (look, one.html, one.why))
    assert not found, "\n".join(f"{key}: {value}" for key, value in found.items())


def is_theirs(one: Finding) -> bool:
    """Whether a finding is on the list of those left to Streamlit."""
    return any(one.rule == rule and part in one.within for rule, part in THEIRS)


def findings(page: Page, *, only_colours: bool = False) -> list[Finding]:
    """What axe-core finds serious or critical on the page as it stands."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(source())
    found = page.evaluate(RUN, {"type": "rule", "values": COLOURS} if only_colours else TAGS)
    return [
        Finding(
            rule["id"],
            rule["impact"],
            " >> ".join(chain(part) for part in node["target"]),
            tuple(node["within"]),
            node["html"][:200],
            node["failureSummary"][:300],
        )
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def chain(part: str | list[str]) -> str:
    """One step of a target: a selector, or several through shadow roots."""
    return part if isinstance(part, str) else " >> ".join(part)


def looks(page: Page) -> Iterator[str]:
    """Show the page in each colour scheme and size, then as it was; yields what it looks like now."""
    size = page.viewport_size
    for at, scheme in enumerate(SCHEMES):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for width, height in SIZES if at % 2 == 0 else reversed(SIZES):  # to and fro: a new size costs most
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(IS_DRAWN, arg=scheme == "dark")
            yield f"{scheme}, {width} px"
    page.emulate_media(color_scheme="null", reduced_motion="null")
    if size is not None:
        page.set_viewport_size(size)


IS_DRAWN = """dark => {
  const area = document.querySelector('.stApp') ?? document.body;
  const [r, g, b] = getComputedStyle(area).backgroundColor.match(/[\\d.]+/g).map(Number);
  const roots = [document];
  for (const root of roots) for (const one of root.querySelectorAll('*')) if (one.shadowRoot) roots.push(one.shadowRoot);
  const quiet = roots.every(root => root.getAnimations().every(one => one.playState !== 'running'));
  return quiet && (r + g + b < 384) === dark;
}"""
"""The background is that of the scheme, and nothing moves any more: a contrast is measured when colours have settled.

A document tells of no animation below a shadow root, so each is asked.
"""
