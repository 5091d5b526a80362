"""Take the pictures of docs/img anew: `python -m tools.screenshots [--only WORD] FOLDER`."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from tests.annotate.desks import SharedDesk, desk_of
from tests.annotate.seed import seed
from tests.browser import chromium
from tools.screenshots import console, desk, other_pages
from tools.screenshots.camera import PHONE, WIDE, Camera
from tools.screenshots.listed import files


def take_desk(browser: Browser, folder: Path, only: str) -> set[str]:
    """The desk's pictures; file names."""
    taken: set[str] = set()
    with TemporaryDirectory() as work:
        first = seed(f"{work}/study.db", n_items=1)
        with desk_of(first) as server:
            for size in (WIDE, PHONE):
                camera = Camera(browser, folder, "desk", size)
                for walk in (*desk.WALKS, *other_pages.WALKS):
                    if only in f"desk {walk.__name__}":
                        context = camera.context()
                        walk(context, SharedDesk(server, first.target, first.target), camera)
                        context.close()
                taken |= camera.taken
    return taken


def main() -> None:
    """Take all pictures, and say what is missing or left over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="walks whose shared_desk and name hold this")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        taken = take_desk(browser, given.folder, given.only) | console.take(browser, given.folder, given.only)
    print(f"{len(taken)} pictures taken")
    if given.only:
        return
    for file in sorted({picture.name for picture in given.folder.glob("*.png")} - taken):
        (given.folder / file).unlink()
        print(f"removed {file}, which no list names")
    missing = sorted(set(files()) - taken)
    if missing:
        raise SystemExit(f"not taken: {', '.join(missing)}")


if __name__ == "__main__":
    main()
