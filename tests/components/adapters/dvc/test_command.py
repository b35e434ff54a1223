"""Laws of running DVC: it waits while another command holds the repository, and says so when it waited too long."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from components.adapters.dvc.command import DvcBusyError, DvcError, configure_dvc, run_dvc
from components.adapters.dvc.git_repository import GitRepository

GRAPH = "stages: {touch: {cmd: touch done, outs: [done]}}"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    GitRepository(tmp_path / "repo").create()
    configure_dvc(tmp_path / "repo", tmp_path / "cache", tmp_path / "state")
    (tmp_path / "repo" / "dvc.yaml").write_text(GRAPH)
    return tmp_path / "repo"


def hold(repository: Path) -> Path:
    """A lock on the output `done`, in the name of this process."""
    path = repository / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"read": {}, "write": {str(repository / "done"): {"pid": os.getpid(), "cmd": "test"}}}))
    return path


def test_a_busy_repository_is_waited_for(repository: Path) -> None:
    lock = hold(repository)
    refused = threading.Event()
    thread = threading.Thread(target=lambda: (refused.wait(), lock.unlink()))
    thread.start()
    run_dvc(repository, "repro", log=lambda line: refused.set() if "being blocked by" in line else None)
    thread.join()
    assert refused.is_set()
    assert (repository / "done").exists()


def test_a_repository_that_stays_busy_is_an_error_of_its_own(repository: Path) -> None:
    hold(repository)
    with pytest.raises(DvcBusyError, match="busy for 0 s"):
        run_dvc(repository, "repro", wait_seconds=0)
    assert not (repository / "done").exists()


def test_a_failure_carries_what_dvc_printed(repository: Path) -> None:
    with pytest.raises(DvcError, match="no-such-stage"):
        run_dvc(repository, "repro", "no-such-stage")


def test_no_password_of_a_url_is_told(repository: Path) -> None:
    with pytest.raises(DvcError) as caught:
        run_dvc(repository, "get", "nothing://me:T0KEN@127.0.0.1:9/x", "done")
    assert "T0KEN" not in str(caught.value) + "".join(caught.value.lines)
