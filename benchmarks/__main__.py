"""`python -m benchmarks`: every measurement, one after the other."""

from __future__ import annotations

from benchmarks import answer_latency

if __name__ == "__main__":
    answer_latency.main()
