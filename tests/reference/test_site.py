"""The documentation is a site: each page is in the navigation, each link leads somewhere, nothing is from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reference.site import relinked

ROOT = Path(__file__).parents[2]
PAGES = {"index.md", "http.md", "decisions/README.md", "contributing.md", "images/loop.svg"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; mkdocs ends with an error at the first warning."""
    folder = tmp_path_factory.mktemp("site")
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder))
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_it_builds_without_a_warning(site: Path) -> None:
    assert "The first recommendation" in (site / "index.html").read_text()
    assert "gate.max_relative_drop" in (site / "reference" / "parameters.html").read_text()


def test_no_page_fetches_anything_from_another_host(site: Path) -> None:
    fetched = re.compile(r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'> ]+)")
    found = {(page.name, address) for page in site.rglob("*.html") for address in fetched.findall(page.read_text())}
    assert found == set()


def test_a_link_from_the_readme_leads_to_the_page() -> None:
    text = "[HTTP](docs/http.md#get), ![loop](docs/images/loop.svg), [why](docs/decisions/README.md)"
    assert relinked(text, "README.md", PAGES) == (
        "[HTTP](http.md#get), ![loop](images/loop.svg), [why](decisions/README.md)"
    )


def test_a_link_out_of_the_documents_leads_to_the_page_or_to_nothing() -> None:
    text = "[how](../CONTRIBUTING.md#where), [`rules.yaml`](../monitoring/rules/rules.yaml), [Apprise](https://example.org/x)"
    assert relinked(text, "docs/monitoring.md", PAGES) == (
        "[how](contributing.md#where), `rules.yaml`, [Apprise](https://example.org/x)"
    )


def test_a_link_between_folders_stays_as_it_is() -> None:
    assert relinked("[x](../http.md)", "docs/decisions/0001.md", PAGES) == "[x](../http.md)"
