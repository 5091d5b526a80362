"""Streamlit's AppTest, which looks through the installed packages once a process and not once a session."""

from collections.abc import Callable
from functools import cache
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

# each new session reads the metadata of every installed package, a tenth of a second; no test installs one
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def app_test(script: Callable[..., None], **values: Any) -> AppTest:
    """A browser session of its own on `script`, which is called with `values`; not yet run."""
    return AppTest.from_function(script, kwargs=values, default_timeout=60)
