"""`python -m benchmarks`: every measurement, one after the other."""

from __future__ import annotations

from benchmarks import answer_latency, experiment_statistics

if __name__ == "__main__":
    answer_latency.main()
    experiment_statistics.main()
