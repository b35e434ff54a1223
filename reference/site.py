"""Hooks of mkdocs: adds the pages made from code and those of the root, and mends links that lead there.

Documents are written to be read in the repository as well, so their links lead to files; what is not part of the site
is named without a link.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference.commands_page import commands_page
from reference.http_page import http_page
from reference.metrics_page import metrics_page
from reference.params_page import params_page
from reference.recommenders_page import recommenders_page
from reference.settings_page import settings_page
from reference.tables_page import tables_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
FROM_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Files of the root that are pages of the site, and under which name."""


def made_pages() -> dict[str, str]:
    """By path in the site, the pages that are made from code."""
    return {
        "reference/commands.md": commands_page(),
        "reference/endpoints.md": http_page(),
        "reference/parameters.md": params_page(ROOT / "params.yaml"),
        "reference/recommenders.md": recommenders_page(),
        "reference/settings.md": settings_page(),
        "reference/metrics.md": metrics_page(),
        "reference/tables.md": tables_page(),
    }


def relinked(text: str, source: str, pages: set[str]) -> str:
    """`text` of the file `source` (its path from the root) with each relative link as the site has it.

    `pages` are paths in the site. A link to a file outside of it becomes the file's name.
    """
    here = _in_site(source)

    def mended(found: re.Match[str]) -> str:
        image, words, target, anchor = found[1], found[2], found[3], found[4] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        there = _in_site(posixpath.normpath(posixpath.join(posixpath.dirname(source), target)))
        if there not in pages:
            return words
        return f"{image}[{words}]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(mended, text)


def _in_site(path: str) -> str:
    return FROM_ROOT.get(path) or path.removeprefix("docs/") if not path.startswith("../") else path


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is not in the folder of documents."""
    from mkdocs.structure.files import File

    for path, text in made_pages().items():
        files.append(File.generated(config, path, content=text))
    for source, path in FROM_ROOT.items():
        files.append(File.generated(config, path, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Mend the links of a page."""
    source = {path: name for name, path in FROM_ROOT.items()}.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return relinked(markdown, source, set(files.src_uris))
