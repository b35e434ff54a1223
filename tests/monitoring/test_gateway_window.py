"""Errors are counted in the window that is judged, whoever looked before and whenever the gateway started."""

from __future__ import annotations

import math
from pathlib import Path

from components.adapters.alerting.counter_samples import CounterSample, add_sample, read_samples
from monitoring.gateway_window import GatewayWindow, gateway_window


def test_only_what_happened_since_the_start_of_the_window_counts() -> None:
    samples = [CounterSample(0.0, 1000, 900), CounterSample(300.0, 2000, 900), CounterSample(600.0, 2500, 905)]
    assert gateway_window(samples, 300.0) == GatewayWindow(500, 5)
    assert gateway_window(samples, 0.0) == GatewayWindow(1500, 5)


def test_a_window_without_a_look_near_its_start_is_not_known() -> None:
    samples = [CounterSample(0.0, 1000, 900), CounterSample(3600.0, 2500, 905)]
    assert gateway_window(samples, 3300.0) is None
    assert gateway_window(samples[:1], 0.0) is None
    assert gateway_window([], 0.0) is None


def test_a_gateway_that_started_anew_is_counted_from_its_start() -> None:
    samples = [CounterSample(0.0, 1000, 10), CounterSample(300.0, 40, 4), CounterSample(600.0, 50, 4)]
    assert gateway_window(samples, 0.0) == GatewayWindow(50, 4)


def test_no_requests_have_no_share_of_errors() -> None:
    quiet = gateway_window([CounterSample(0.0, 9, 1), CounterSample(300.0, 9, 1)], 0.0)
    assert quiet is not None
    assert math.isnan(quiet.error_share)


def test_samples_are_kept_for_the_longest_window_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    file = tmp_path / "monitoring" / "gateway.json"
    for look in range(40):
        kept = add_sample(file, CounterSample(look * 300.0, look, 0))
    assert kept == read_samples(file)
    assert kept[0].at <= kept[-1].at - 3600
    assert len(kept) < 40
    file.write_text("[[1")
    assert read_samples(file) == ()


def test_a_sample_lies_near_the_start_of_a_window_up_to_half_a_look_before_or_after_it() -> None:
    for at, near in ((150.0, True), (151.0, False), (-150.0, True), (-151.0, False)):
        samples = [CounterSample(at, 10, 1), CounterSample(900.0, 30, 3)]
        assert gateway_window(samples, 0.0) == (GatewayWindow(20, 2) if near else None)


def test_of_two_near_samples_the_nearer_one_begins_the_window_on_either_side() -> None:
    samples = [CounterSample(-100.0, 1, 0), CounterSample(20.0, 10, 1), CounterSample(900.0, 30, 3)]
    assert gateway_window(samples, 0.0) == GatewayWindow(20, 2)
    samples = [CounterSample(-10.0, 1, 0), CounterSample(100.0, 10, 1), CounterSample(900.0, 30, 3)]
    assert gateway_window(samples, 0.0) == GatewayWindow(29, 3)


def test_one_count_that_went_back_shows_that_the_gateway_started_anew() -> None:
    samples = [CounterSample(0.0, 10, 9), CounterSample(300.0, 20, 3)]
    assert gateway_window(samples, 0.0) == GatewayWindow(20, 3)
    assert gateway_window([CounterSample(0.0, 30, 2), CounterSample(300.0, 20, 3)], 0.0) == GatewayWindow(20, 3)


def test_the_share_of_errors_is_of_all_requests() -> None:
    assert GatewayWindow(8.0, 2.0).error_share == 0.25
