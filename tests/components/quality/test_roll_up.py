"""What a log sums up to."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from components.quality.figures import figures
from components.quality.relevance import Horizon, engage
from components.quality.roll_up import last_shown, request_ndcg, roll_up
from components.quality.sketches import bins_of, sketch_of
from components.quality.sums import Sums, add_up, from_json, to_json
from components.quality.window import BUCKETS
from tests.components.quality.worlds import GROUP, make_facts, make_feedback, make_requests

HORIZON = Horizon(60.0, 4.0, 30.0)


def test_ndcg_is_that_of_an_independent_implementation() -> None:
    rng = np.random.default_rng(1)
    rows = [(float(place * 100), place, rng.permutation(40)[:10].tolist()) for place in range(200)]
    events = [
        (place * 100 + 1.0, place, int(item), "click", None, None)
        for place in range(200)
        for item in rng.permutation(40)[: rng.integers(1, 15)]
    ]
    requests = make_requests(rows)
    values = request_ndcg(requests, engage(requests, make_feedback(events), HORIZON))
    for place, (_, _, items) in enumerate(rows):
        liked = {event[2] for event in events if event[1] == place}
        # All forty items, the list first in its order: what scikit-learn ranks and cuts at ten.
        truth = [[float(item in liked) for item in [*items, *sorted(set(range(40)) - set(items))]]]
        assert values[place] == pytest.approx(ndcg_score(truth, [list(range(40, 0, -1))], k=10))


def test_a_perfect_short_list_has_ndcg_one() -> None:
    requests = make_requests([(0.0, 0, [1, 2])], k=2)
    events = [(1.0, 0, item, "click", None, None) for item in (1, 2, 3, 4)]
    assert request_ndcg(requests, engage(requests, make_feedback(events), HORIZON)).tolist() == [1.0]


def test_requests_without_engagement_count_zero_in_one_and_are_left_out_of_the_other() -> None:
    requests = make_requests([(0.0, 0, [1]), (1.0, 1, [1])])
    found = engage(requests, make_feedback([(2.0, 0, 1, "click", None, 0)]), HORIZON)
    sums = add_up(roll_up(requests, found, [], make_facts(2, 2), 3600.0).values())
    numbers = figures(sums, 2)
    assert (numbers.ndcg_all, numbers.ndcg_engaged, numbers.hit_rate) == (0.5, 1.0, 0.5)


def test_each_window_and_group_stands_apart_and_together_they_are_the_whole() -> None:
    other = GROUP._replace(route="popularity", segment="cold")
    requests = make_requests([(10.0, 0, [1]), (3500.0, 1, [1]), (3700.0, 0, [1])], [GROUP, other, GROUP])
    found = roll_up(requests, engage(requests, make_feedback([]), HORIZON), [], make_facts(2, 2), 3600.0)
    assert {key: sums.requests.sum() for key, sums in found.items()} == {
        (0.0, GROUP): 1,
        (0.0, other): 1,
        (3600.0, GROUP): 1,
    }
    assert figures(add_up(found.values()), 2).requests == 3


def test_windows_neither_overlap_nor_leave_gaps_when_clocks_are_set_back() -> None:
    before = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC).timestamp()  # 02:59:59 in Berlin, for the first time
    requests = make_requests([(before + second, 0, [1]) for second in range(0, 7200, 600)])
    found = roll_up(requests, engage(requests, make_feedback([]), HORIZON), [], make_facts(1, 2), 3600.0)
    starts = sorted(start for start, _ in found)
    assert [later - earlier for earlier, later in pairwise(starts)] == [3600.0] * (len(starts) - 1)
    assert sum(sums.requests.sum() for sums in found.values()) == 12


def test_variety_coverage_novelty_and_staleness() -> None:
    requests = make_requests([(0.0, 0, [0, 1, 2]), (100.0, 1, [0, 3])])
    facts = make_facts(2, 8, [0, 0, 1, 2, 3, 3, 3, 3])
    numbers = figures(
        add_up(roll_up(requests, engage(requests, make_feedback([]), HORIZON), [], facts, 60.0).values()), 8
    )
    assert numbers.diversity == 2.0  # two categories in each list
    assert numbers.coverage == pytest.approx(0.5, abs=0.01)
    assert numbers.novelty == 1.0
    assert numbers.staleness == 100.0  # item 0 was shown before, the others never
    assert last_shown(requests, facts.last_shown)[:5].tolist()[:4] == [100.0, 0.0, 0.0, 100.0]


def test_revenue_is_counted_by_source() -> None:
    requests = make_requests([(0.0, 0, [1, 2])])
    events = [(1.0, 0, 1, "purchase", 5.0, 0), (2.0, 0, 2, "purchase", 2.0, 0), (3.0, 0, 1, "purchase", 1.0, 0)]
    found = engage(requests, make_feedback(events), HORIZON)
    sums = add_up(roll_up(requests, found, ["cf", "llm", "cf"], make_facts(1, 3), 60.0).values())
    assert sums.revenue == {"cf": 6.0, "llm": 2.0}
    assert figures(sums, 3).conversion == 1.0


def test_sums_come_back_from_json_as_they_were() -> None:
    requests = make_requests([(0.0, 0, [1, 2]), (5.0, 1, [2])])
    found = engage(requests, make_feedback([(1.0, 0, 1, "purchase", 5.0, 0)]), HORIZON)
    sums = add_up(roll_up(requests, found, ["cf"], make_facts(2, 3), 60.0).values())
    back = from_json(to_json(sums))
    assert figures(back, 3) == figures(sums, 3) or str(figures(back, 3)) == str(figures(sums, 3))
    assert (back.ndcg == sums.ndcg).all()
    assert back.revenue == sums.revenue


def test_one_user_is_one_bucket() -> None:
    requests = make_requests([(float(second), 7, [1]) for second in range(50)])
    sums = add_up(roll_up(requests, engage(requests, make_feedback([]), HORIZON), [], make_facts(8, 2), 60.0).values())
    assert (sums.requests > 0).sum() == 1


def test_nothing_sums_up_to_nothing() -> None:
    requests = make_requests([])
    assert roll_up(requests, engage(requests, make_feedback([]), HORIZON), [], make_facts(1, 1), 60.0) == {}
    assert np.isnan(figures(add_up([]), 10).ndcg_all)


def test_each_rate_is_over_its_own_whole() -> None:
    """Twenty requests of ten items, eight engaged, five cached, six clicks; times of 1 to 100 ms."""
    requests, engaged = np.zeros(BUCKETS), np.zeros(BUCKETS)
    requests[0], engaged[0] = 20.0, 8.0
    times = bins_of(np.arange(1.0, 101.0))
    sums = Sums(requests=requests, engaged=engaged, impressions=200.0, clicks=6.0, cached=5.0, latency=times)
    found = figures(sums, 100)
    assert (found.ctr, found.cache_hit_rate, found.engaged_share) == (0.03, 0.25, 0.4)
    assert found.latency_p50 == pytest.approx(50, rel=0.03)
    assert found.latency_p95 == pytest.approx(95, rel=0.03)
    assert found.latency_p99 == pytest.approx(99, rel=0.03)


def test_stages_have_quantiles_of_their_own_and_nothing_is_known_of_nobody() -> None:
    times = np.arange(1.0, 101.0)
    found = figures(Sums(candidates=bins_of(times), llm=bins_of(10 * times)), 10)
    assert (found.candidates_p95, found.llm_p95) == (pytest.approx(95, rel=0.03), pytest.approx(950, rel=0.03))
    assert found.users == 0.0
    assert np.isnan(found.latency_p50) and np.isnan(found.ctr)


def test_no_more_than_the_whole_catalogue_is_covered() -> None:
    """Sketches are about right, and a window may show items that are gone since."""
    shown = Sums(items=sketch_of(np.arange(30, dtype=np.uint64)))
    assert figures(shown, 20).coverage == 1.0
    assert figures(shown, 60).coverage == pytest.approx(0.5, rel=0.02)
