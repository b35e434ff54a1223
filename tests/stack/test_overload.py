"""Asked for several times what it carries, a stack answers who keeps to the limits, and refuses who does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.keep_alive_client import measure
from benchmarks.overload import Traffic, capacity, flood
from components.serving.bundle import read_bundle
from jobs.stack.take_down import stop_stack
from tests.pipeline_worlds import write_pipeline_bundle
from tests.stack.small_stack import PATIENT, SmallStack

pytestmark = pytest.mark.slow
SECONDS, TIMES, ABUSIVE_PER_SECOND = 5.0, 4.0, 300.0


@pytest.fixture(scope="module")
def ranking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """A stack whose model ranks each changed history anew."""

    def make(folder: Path) -> Path:
        return write_pipeline_bundle(folder, n_users=60, n_items=60, n_each=20)

    stack = SmallStack(tmp_path_factory.mktemp("stack"), make=make, limits=PATIENT)
    try:
        stack.start()
        stack.promote()
        stack.promote()
        yield stack
    finally:
        stop_stack(stack.bench)


def test_who_keeps_to_the_limits_is_answered_and_who_does_not_is_refused(
    ranking: SmallStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traffic = Traffic(read_bundle(ranking.make(tmp_path / "bundle")), 7)
    measure(ranking.settings.gateway_port, traffic.clicks(), 4, accepted=(b"202",))
    carried = capacity(ranking, traffic, 300)
    found = flood(ranking, traffic, TIMES * carried, SECONDS, ABUSIVE_PER_SECOND)
    with capsys.disabled():
        cheap = found.good.degraded / max(len(found.good.seconds), 1)
        print(f"\n{carried:.0f}/s carried; good {dict(found.good.statuses)}, {cheap:.1%} cheap;", end=" ")
        print(f"abusive {dict(found.abusive.statuses)}")
    assert set(found.good.statuses) <= {"200", "202", "503"}
    assert found.good.statuses["200"] > found.good.statuses["503"]
    granted = ranking.settings.requests_per_address_minute / 60
    assert found.abusive.statuses["200"] <= 2 * granted * (10 + SECONDS + 5)
    assert found.abusive.statuses["429"] > found.abusive.statuses.total() / 4
    assert found.megabytes[-1] < 1.25 * found.megabytes[0]
