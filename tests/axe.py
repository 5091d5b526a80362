"""axe-core in a real browser: what it finds wrong on a page, in light and dark, on a wide screen and on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

SCHEMES = ("light", "dark")
SIZES = ((1280, 800), (390, 844))
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}


RUN = """async tags => {
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ["violations"], elementRef: true });
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


def findings(page: Page) -> list[Finding]:
    """What axe-core finds serious or critical on the page as it stands."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(source())
    found = page.evaluate(RUN, TAGS)
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
    """Show the page in each colour scheme and size; yields what it looks like now."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(IS_DRAWN, arg=scheme == "dark")
            yield f"{scheme}, {width} px"


IS_DRAWN = """dark => {
  const area = document.querySelector('.stApp') ?? document.body;
  const [r, g, b] = getComputedStyle(area).backgroundColor.match(/[\\d.]+/g).map(Number);
  const quiet = document.getAnimations().every(one => one.playState !== 'running');
  return quiet && (r + g + b < 384) === dark;
}"""
"""The background is that of the scheme, and nothing moves any more: a contrast is measured when colours have settled."""
