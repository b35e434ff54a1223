"""Puts bytes into a DVC repository's cache and remote, and gets them back, within this process.

In-process calls take 20 to 60 ms where DVC's command line (dvc_command.py) takes 200 to 500 ms.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from components.adapters.machine.url_redaction import without_userinfo

REMOTE = "storage"
RETRY_SECONDS = 0.2

_Result = TypeVar("_Result")

_CONFIGURATION = """\
[core]
    analytics = false
    check_update = false
    remote = {remote}
['remote "{remote}"']
    url = {url}
"""


class DvcObjectsError(Exception):
    """DVC could not store or find bytes; the message says which and why, and shows no password of a URL."""

    def __init__(self, message: str) -> None:
        super().__init__(without_userinfo(message))


def create_dvc(folder: Path, remote: str) -> None:
    """Makes the Git repository at `folder` a DVC repository, whose committed configuration names the remote.

    `remote` holds no password; see configure_dvc for one that does.

    Raises:
        DvcObjectsError: DVC failed.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        Repo.init(str(folder), force=True).close()
    except DvcException as error:
        raise DvcObjectsError(f"{folder} cannot become a DVC repository: {error}") from error
    (folder / ".dvc" / "config").write_text(_CONFIGURATION.format(remote=REMOTE, url=remote))


@dataclass(frozen=True)
class DvcObjects:
    """The bytes of the DVC repository at `folder`, kept in `cache` and in the remote at `remote` (a DVC URL)."""

    folder: Path
    cache: Path
    state: Path
    remote: str = field(repr=False)
    wait_seconds: float = 60.0

    def add(self, name: str) -> None:
        """Puts the folder `name` of the repository into the cache and writes `name`.dvc.

        Raises:
            DvcObjectsError: DVC failed, or another DVC command kept the repository busy.
        """
        with self._opened(rev=None) as repo:
            self._patiently(f"dvc add {name}", lambda: repo.add(str(self.folder / name)))

    def push(self, name: str) -> None:
        """Copies what `name`.dvc stands for from the cache to the remote, unless it is there.

        Raises:
            DvcObjectsError: the remote does not take it, or another DVC command kept the repository busy.
        """
        target = str(self.folder / f"{name}.dvc")
        with self._opened(rev=None) as repo:
            self._patiently(f"dvc push to {self.remote}", lambda: repo.push(targets=[target]))

    def read(self, name: str, rev: str, to: Path, cache: Path | None = None) -> None:
        """Writes the folder `name` as of the Git revision `rev` to `to`, from the cache or else the remote.

        `cache` stands in for the shared cache; an empty one makes the bytes come from the remote.

        Raises:
            DvcObjectsError: neither has the bytes.
        """
        with self._opened(rev, cache) as repo:
            self._patiently(f"reading {name} of {rev}", lambda: repo.dvcfs.get(name, str(to), recursive=True))

    @contextmanager
    def _opened(self, rev: str | None, cache: Path | None = None) -> Iterator[Any]:
        from dvc.exceptions import DvcException
        from dvc.repo import Repo

        # The addresses are given here because a clone, or a moved RECOPS_HOME, has others than the committed ones.
        config = {
            "core": {"remote": REMOTE, "autostage": True, "analytics": False, "site_cache_dir": str(self.state)},
            "cache": {"dir": str(cache or self.cache)},
            "remote": {REMOTE: {"url": self.remote}},
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # DVC's own, about its own dependencies
                with Repo(str(self.folder), rev=rev, config=config) as repo:
                    yield repo
        except DvcException as error:
            raise DvcObjectsError(f"{self.folder} is not usable as a DVC repository: {error}") from error

    def _patiently(self, what: str, call: Callable[[], _Result]) -> _Result:
        """The result of `call`, which is tried again while another DVC command holds the repository."""
        from dvc.lock import LockError

        deadline = time.monotonic() + self.wait_seconds
        while True:
            try:
                return call()
            except LockError as error:
                if time.monotonic() > deadline:
                    raise DvcObjectsError(f"{what}: another DVC command kept {self.folder} busy: {error}") from error
                time.sleep(RETRY_SECONDS)
            except Exception as error:  # those of each storage's own library as well
                # The cause is left out: it may quote the remote's URL, and with it a password.
                raise DvcObjectsError(f"{what} failed: {error}") from None
