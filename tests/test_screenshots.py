"""docs/img holds a picture of every page in every clothes, nothing else, and not too much."""

from pathlib import Path

from secondreader.reports.console.navigation import PAGES
from tests.browser import REPOSITORY
from tools.screenshots.listed import CLOTHES, CONSOLE, file_name, files

FOLDER = Path(REPOSITORY / "docs" / "img")
MOST_BYTES = 8_000_000


def test_every_page_of_the_console_has_its_pictures() -> None:
    """A new page needs a caption in tools/screenshots/listed.py and `make screenshots`."""
    assert set(PAGES) <= set(CONSOLE)
    missing = [
        name
        for path in PAGES
        for clothes in CLOTHES
        if not (FOLDER / (name := file_name("console", path, clothes))).is_file()
    ]
    assert not missing, f"run `make screenshots`: {missing}"


def test_the_folder_holds_what_is_listed() -> None:
    """No picture is missing, and none is left over from a page that is gone."""
    assert {one.name for one in FOLDER.iterdir()} == set(files()), "run `make screenshots`"


def test_the_pictures_stay_small() -> None:
    """A clone does not grow for their sake."""
    assert sum(one.stat().st_size for one in FOLDER.iterdir()) < MOST_BYTES
