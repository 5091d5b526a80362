"""The blind in the import graph: no module of db that the desk's process loads names a verdict, a stratum or a transcript's model.

The tables' definitions alone do: they say what there is, and open nothing.
"""

import ast
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import ensure_annotator, get_study
from tests.annotate.seed import Seeded

DEFINITIONS = "secondreader.db.core.tables"
SECRET = re.compile(r"verdict|stratum|strata|inclusion_probability", re.IGNORECASE)
"""In a name or a text of the code."""
MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)
"""In a text, or as the attribute of something."""

PAGES = """
from secondreader.annotate.plain import desk
from secondreader.annotate.session.process import DESK
desk.page(DESK.engine, {annotator}, {study})
---
from secondreader.annotate.plain import adjudication
from secondreader.annotate.session.process import DESK
adjudication.page(DESK.engine, {adjudicator})
---
from secondreader.annotate.browser import desk
desk.page({annotator}, {study})
---
from secondreader.annotate.browser import adjudication
from secondreader.annotate.session.process import DESK
adjudication.page(DESK.engine, {adjudicator})
"""
"""A script for each kind of page, with a person who needs no cookie."""
SHOW_PAGES = """
import json, sys
from streamlit.testing.v1 import AppTest
import secondreader.annotate.app
import secondreader.annotate.script

for script in json.load(sys.stdin):
    page = AppTest.from_string(script, default_timeout=60).run()
    assert not page.exception, page.exception
    assert len(page.main) + len(page.sidebar), "the page is empty"
print(json.dumps([name for name in sys.modules if name.startswith("secondreader.")]))
"""


def find_secrets(source: str) -> set[str]:
    """What a module's code names of verdicts, strata and models; its docstrings may speak of them."""
    tree = ast.parse(source)
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.alias(name=name) if SECRET.search(name):
                found.add(name)
            case ast.Attribute(attr=name) if SECRET.search(name) or name == "model":
                found.add(name)
            case ast.Constant(value=str() as text) if id(node) not in remarks:
                if SECRET.search(text) or MODEL.search(text):
                    found.add(text)
    return found


def read_source(module: str) -> str:
    """The text of a module."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text("utf-8")


@pytest.fixture
def loaded(seeded: Seeded) -> list[str]:
    """Our modules in a fresh process once an annotator's and an adjudicator's page were shown."""
    owner = open_engine(seeded.target)
    with write_session(owner) as session:
        adjudicator = ensure_annotator(session, get_study(session, seeded.name), "J", "adjudicator")
    owner.dispose()
    ids = {"annotator": seeded.annotator_id, "adjudicator": adjudicator, "study": seeded.study_id}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SHOW_PAGES],
        input=json.dumps(PAGES.format(**ids).split("---")),
        env=os.environ | {"SECONDREADER_DESK_DB": seeded.target},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names


def test_the_desk_loads_no_module_that_names_a_verdict(loaded: list[str]) -> None:
    """Of db, the tables' definitions are the only module that does; nothing of other rooms is loaded at all."""
    assert not [name for name in loaded if name.split(".")[1] not in {"annotate", "db"}]
    ours = [name for name in loaded if name.startswith("secondreader.db.")]
    assert {"secondreader.db.desk.labels", "secondreader.db.adjudication.items", DEFINITIONS} <= set(ours)
    naming = {name: secrets for name in ours if (secrets := find_secrets(read_source(name)))}
    assert set(naming) <= {DEFINITIONS}, naming


@pytest.mark.parametrize(
    "module",
    [
        DEFINITIONS,
        "secondreader.db.design.sampling",
        "secondreader.db.research.guess_rows",
        "secondreader.db.transcripts.verdicts",
    ],
)
def test_a_module_that_reads_a_verdict_or_a_model_is_recognised(module: str) -> None:
    """The scan sees what it looks for, where it is."""
    assert find_secrets(read_source(module))
