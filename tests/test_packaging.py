"""The wheel and the sdist hold what git tracks, and a clean installation runs."""

import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, entry_points, metadata, version
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
FOLDERS = ("annotate", "db", "judge", "reports", "runner")


def tracked(*folders: str) -> set[str]:
    """Files that git tracks below the folders; the folder on disk where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--", *folders], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        return {name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()}
    return {
        str(path.relative_to(REPOSITORY))
        for folder in folders
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a wheel and an sdist, built from a copy so that no build folder is left behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in tracked(*FOLDERS, "pyproject.toml", "LICENSE", "README.md"):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((REPOSITORY / name).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


def test_the_wheel_holds_every_file_of_the_folders(built: Path) -> None:
    """A module, prompt, pack or page that is tracked but forgotten in pyproject.toml fails here."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if not name.startswith("secondreader-")}
    assert names == {f"secondreader/{name}" for name in tracked(*FOLDERS)}


def test_nothing_is_installed_outside_our_name(built: Path) -> None:
    """No top-level db, judge or runner package that could shadow somebody's own file."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        assert {name.split("/")[0].split("-")[0] for name in wheel.namelist()} == {"secondreader"}


def test_the_sdist_can_be_built_from(built: Path) -> None:
    """Project file, licence and every module are in the sdist."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    wanted = {name for name in tracked(*FOLDERS) if name.endswith(".py")} | {"pyproject.toml", "LICENSE"}
    assert wanted <= names


def test_the_wheel_runs_where_nothing_else_of_ours_is(built: Path, tmp_path: Path) -> None:
    """Installed into an empty folder, the command answers without the checkout."""
    wheel = next(built.glob("*.whl"))
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(tmp_path),
        str(wheel),
    ]
    subprocess.run([*install, "--disable-pip-version-check", "--root-user-action=ignore"], check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import secondreader.db.core.engine as e; "
        f"assert e.__file__.startswith({str(tmp_path)!r}), e.__file__; "
        "from secondreader.db.core.codebook import load_default_codebook; load_default_codebook(); "
        "e.open_engine('fresh.db').dispose(); print('fine')"
    )
    # -I and -S keep the editable installation's path hook away; the dependencies come back by hand.
    site = next(path for path in sys.path if path.endswith("site-packages"))
    code = f"import sys; sys.path.append({site!r}); " + code
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("fine", "")


def test_the_command_is_installed() -> None:
    """`secondreader` is a console script of this version."""
    (script,) = entry_points(group="console_scripts", name="secondreader")
    assert script.value == "secondreader.runner.cli.app:app"
    assert version("secondreader")


def test_no_dependency_of_the_product_is_under_the_gpl() -> None:
    """Whoever installs or bundles the product takes on no copyleft: packages of the runtime lock say so themselves."""
    lock = (REPOSITORY / "requirements.lock").read_text()
    declared = {name: declare_licence(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert sum(bool(text) for text in declared.values()) > 40
    assert not {name: text for name, text in declared.items() if re.search(r"GPL|General Public", text)}
    assert re.search(r"GPL|General Public", declare_licence("krippendorff"))


def declare_licence(name: str) -> str:
    """The licence that an installed package declares; empty where it is made for another system."""
    try:
        known = metadata(name)
    except PackageNotFoundError:
        return ""
    # the free text of `License` often quotes other people's terms; a name is short
    short = [*known.get_all("License-Expression", []), *(text[:40] for text in known.get_all("License", []))]
    return " ".join([*short, *known.get_all("Classifier", [])])


def test_links_for_the_type_checker_lead_to_the_folders() -> None:
    """Mypy and editors see the same files as Python does."""
    for folder in FOLDERS:
        assert (REPOSITORY / ".typing" / "secondreader" / folder).resolve() == (REPOSITORY / folder).resolve()
