"""Loads the release that this code is packed with and asks it the expected answers: `python -m bentos.self_test`.

Run in the folder of a built Bento, it is the clean process of the gate. Prints one line of JSON; when something is
wrong, a line on standard error says what, and the exit code is 1.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bentos.build import QUESTIONS
from bentos.served_release import ServedRelease
from bentos.wiring import make_variants
from components.adapters.machine.peak_memory import peak_megabytes
from components.serving.bundle import BundleError
from components.serving.requests import RecommendRequest


def self_test(folder: Path) -> dict[str, float | int | None]:
    """What `components.rollout.release_gate.CleanStart` holds.

    Raises:
        BundleError: the bundle is incomplete or damaged; the message names the file.
    """
    began = time.perf_counter()
    variants = make_variants(ServedRelease.read(folder), folder, "none")
    questions = json.loads((folder / QUESTIONS).read_text())
    equal = 0
    for asked in questions:
        request = RecommendRequest(user_id=asked["user_id"], k=asked["k"])
        answer = variants.named(asked["variant"]).recommend(request, "self-test")
        equal += [item.item_id for item in answer.items] == asked["item_ids"]
    indexes = [variants.named(asked["variant"]).bundle.manifest.index for asked in questions]
    recalls = [index.recall for index in indexes if index.kind == "annoy" and index.recall is not None]
    return {
        "answers": equal,
        "expected": len(questions),
        "index_recall": min(recalls, default=None),
        "peak_mb": round(peak_megabytes(), 1),
        "seconds": round(time.perf_counter() - began, 3),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(self_test(Path.cwd())))
    except (BundleError, OSError, ValueError) as error:
        sys.exit(" ".join(f"{type(error).__name__}: {error}".split())[:500])
