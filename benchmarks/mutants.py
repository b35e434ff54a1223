"""Puts small faults into the modules that decide, one at a time, and counts how many the tests beside them notice.

`python -m benchmarks.mutants [--each 6] [--seed 1] [--only WORD]`. Which faults are tried depends on the seed and on
the source alone. A fault that no test can tell from the program, because both do the same, counts as missed all the
same. Each fault is tried in a fork of one process that has imported the libraries, so that only the tests take time.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from benchmarks.report import hardware

ROOT = Path(__file__).parents[1]
SECONDS = 120
"""After which, and after five times what the tests take without a fault, one counts as noticed: it made them hang."""
PATIENCE = 1200
"""Seconds for the tests without a fault, on a machine that may be busy."""
TOLERANCE = 1e-5
"""A number below it stands for rounding, and twice as much of it for the same."""
LIBRARIES = (
    "numpy",
    "scipy.special",
    "scipy.optimize",
    "scipy.stats",
    "pandas",
    "pydantic",
    "sqlalchemy",
    "pytest",
    "hypothesis.strategies",
)
PLUGINS = ("pytest_timeout", "_hypothesis_pytestplugin")
"""Of pytest; those that other libraries bring would take longer to import than most tests take."""

DECIDING = {
    "components/conversation/refine.py": ("tests/components/conversation/test_refine.py",),
    "components/conversation/references.py": ("tests/components/conversation/test_references.py",),
    "components/conversation/intent.py": ("tests/components/conversation/test_references.py",),
    "components/conversation/dialogue.py": ("tests/components/conversation/test_dialogue.py",),
    "components/experiments/adaptive.py": ("tests/components/experiments/test_adaptive.py",),
    "components/experiments/adaptive_reading.py": ("tests/components/experiments/test_adaptive_reading.py",),
    "components/experiments/counterfactual.py": ("tests/components/experiments/test_counterfactual.py",),
    "components/experiments/draft.py": ("tests/components/experiments/test_draft.py",),
    "components/experiments/interleaved_reading.py": ("tests/components/experiments/test_interleaved_reading.py",),
    "components/experiments/interleaving.py": ("tests/components/experiments/test_interleaving.py",),
    "components/experiments/reading.py": ("tests/components/experiments/test_reading.py",),
    "components/experiments/power.py": ("tests/components/experiments/test_power.py",),
    "components/experiments/sample_ratio.py": ("tests/components/experiments/test_sample_ratio.py",),
    "components/interactions/row_checks.py": (
        "tests/components/interactions/test_screening.py",
        "tests/components/interactions/test_values.py",
    ),
    "components/interactions/timestamps.py": ("tests/components/interactions/test_timestamps.py",),
    "components/metrics/bootstrap.py": ("tests/components/metrics/test_bootstrap.py",),
    "components/metrics/ranking.py": ("tests/components/metrics/test_ranking.py",),
    "components/quality/drop.py": ("tests/components/quality/test_drop.py", "tests/monitoring/rules/test_rules.py"),
    "components/quality/figures.py": ("tests/components/quality/test_roll_up.py",),
    "components/quality/noise.py": ("tests/components/quality/test_noise.py",),
    "components/quality/relevance.py": ("tests/components/quality/test_relevance.py",),
    "components/quality/window.py": ("tests/components/quality/test_drop.py",),
    "components/reranking/reply_parser.py": ("tests/components/reranking/test_reply_parser.py",),
    "components/rollout/canary_judge.py": ("tests/components/rollout/test_canary_judge.py",),
    "components/rollout/gate.py": ("tests/components/rollout/test_gate.py",),
    "components/rollout/ledger.py": (
        "tests/components/rollout/test_ledger.py",
        "tests/components/rollout/test_promote.py",
    ),
    "components/rollout/release_gate.py": ("tests/components/rollout/test_release_gate.py",),
    "components/rollout/retention.py": ("tests/components/rollout/test_retention.py",),
    "components/rollout/slow_answers.py": (
        "tests/components/rollout/test_slow_answers.py",
        "tests/components/rollout/test_canary_judge.py",
    ),
    "components/routing/confidence.py": ("tests/components/routing/test_confidence.py",),
    "components/shadow/decision.py": ("tests/components/shadow/test_decision.py",),
    "components/shadow/fault_rate.py": ("tests/components/shadow/test_fault_rate.py",),
    "components/shadow/ground_truth.py": ("tests/components/shadow/test_ground_truth.py",),
    "components/shadow/leaks.py": ("tests/components/shadow/test_precheck.py",),
    "components/shadow/paired.py": ("tests/components/shadow/test_paired.py",),
    "components/shadow/precheck.py": ("tests/components/shadow/test_precheck.py",),
    "components/splitting/at_random.py": ("tests/components/splitting/test_at_random.py",),
    "components/splitting/temporal.py": ("tests/components/splitting/test_temporal.py",),
    "monitoring/gateway_window.py": ("tests/monitoring/test_gateway_window.py",),
    "monitoring/alerting/tell.py": (
        "tests/monitoring/alerting/test_tell.py",
        "tests/monitoring/alerting/test_kept_on.py",
    ),
    "monitoring/alerting/blame.py": ("tests/monitoring/alerting/test_blame.py",),
    "monitoring/alerting/incidents.py": ("tests/monitoring/alerting/test_incidents.py",),
    "monitoring/rules/judge.py": ("tests/monitoring/rules/test_rules.py",),
    "monitoring/rules/quality_drop.py": ("tests/monitoring/rules/test_quality_drop.py",),
}
"""Each module with the tests beside it."""

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


@dataclass(frozen=True)
class Fault:
    """What was changed in which line, and the module with it."""

    line: int
    what: str
    tree: ast.Module


def faults_of(source: str) -> list[tuple[int, str, Callable[[], Fault]]]:
    """Every fault that this source can have, in the order of the source; each is made when it is asked for."""
    found = []
    for place, _ in enumerate(_places(ast.parse(source))):
        line, what, _ = list(_places(ast.parse(source)))[place]
        found.append((line, what, lambda place=place: _made(source, place)))
    return found


def _made(source: str, place: int) -> Fault:
    tree = ast.parse(source)
    line, what, change = list(_places(tree))[place]
    change()
    return Fault(line, what, ast.fix_missing_locations(tree))


def _places(tree: ast.Module) -> Iterator[tuple[int, str, Callable[[], None]]]:
    """Where a fault can be put, in words, and how; what decides nothing is left alone."""
    idle = {id(part) for node in ast.walk(tree) for each in _idle(node) for part in ast.walk(each)}
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        match node:
            case ast.Compare(ops=[op, *_]) if type(op) in _COMPARISONS:
                other = _COMPARISONS[type(op)]
                yield node.lineno, f"{type(op).__name__} for {other.__name__}", _set(node.ops, 0, other())
            case ast.BinOp(op=op, left=left) if type(op) in _SUMS and not _is_type(left):
                other_sum = _SUMS[type(op)]
                yield node.lineno, f"{type(op).__name__} for {other_sum.__name__}", _put(node, "op", other_sum())
            case ast.BoolOp(op=ast.And()):
                yield node.lineno, "and for or", _put(node, "op", ast.Or())
            case ast.BoolOp(op=ast.Or()):
                yield node.lineno, "or for and", _put(node, "op", ast.And())
            case ast.UnaryOp(op=ast.Not()):
                yield node.lineno, "without not", _put(node, "op", ast.UAdd())
            case ast.Constant(value=bool(value)):
                yield node.lineno, f"{not value} for {value}", _put(node, "value", not value)
            case ast.Constant(value=int(value) | float(value)):
                for changed in sorted({value + 1, value if abs(value) < TOLERANCE else value * 2} - {value}):
                    yield node.lineno, f"{changed:g} for {value:g}", _put(node, "value", changed)
            case ast.Return(value=ast.expr()) if not isinstance(node.value, ast.Constant):
                yield node.lineno, "returns None", _put(node, "value", ast.Constant(None))


def _idle(node: ast.AST) -> list[ast.AST]:
    """Parts of `node` that decide nothing: decorators, annotations, that what is zipped is of one length."""
    match node:
        case ast.FunctionDef(decorator_list=decorators, returns=returns):
            return [*decorators, *([returns] if returns else [])]
        case ast.ClassDef(decorator_list=decorators):
            return [*decorators]
        case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.expr() as annotation):
            return [annotation]
        case ast.keyword(arg="strict"):
            return [node.value]
    return []


def _set(ops: list[ast.cmpop], place: int, op: ast.cmpop) -> Callable[[], None]:
    return lambda: ops.__setitem__(place, op)


def _put(node: ast.AST, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, name, value)


def _is_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a tree instead of its file."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = name, path, tree

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)  # noqa: S102 - the module's own source


def is_noticed(module: str, fault: Fault | None, tests: Sequence[str], seconds: float) -> bool:
    """Whether the tests fail with this fault, or have not ended by then; with None, the same without any."""
    child = os.fork()
    if not child:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        if fault is not None:
            name = module.removesuffix(".py").replace("/", ".")
            sys.meta_path.insert(0, _Faulty(name, ROOT / module, fault.tree))
        import pytest

        code = 1
        with contextlib.suppress(BaseException):
            asked = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not slow and not stack", *tests]
            code = int(pytest.main(asked, plugins=[sys.modules[name] for name in PLUGINS]))
        os._exit(int(code != 0))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main() -> None:
    """Prints a Markdown table, a row as soon as a module is through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=6, help="faults a module")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="modules whose path holds this")
    asked = parser.parse_args()
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for library in (*LIBRARIES, *PLUGINS):
        importlib.import_module(library)
    print(f"{asked.each} faults a module, seed {asked.seed}; {hardware()}\n")
    print("| module | noticed | missed |\n|---|---:|---|")
    noticed = tried = 0
    for module, tests in DECIDING.items():
        if asked.only not in module:
            continue
        began = time.monotonic()
        if is_noticed(module, None, tests, PATIENCE):
            raise SystemExit(f"the tests of {module} fail without any fault: {', '.join(tests)}")
        seconds = max(SECONDS, 5 * (time.monotonic() - began))
        possible = faults_of((ROOT / module).read_text())
        drawn = random.Random(f"{asked.seed} {module}").sample(possible, min(asked.each, len(possible)))  # noqa: S311
        missed = []
        for line, what, make in sorted(drawn, key=lambda each: each[:2]):
            tried += 1
            if is_noticed(module, make(), tests, seconds):
                noticed += 1
            else:
                missed.append(f"{line}: {what}")
        print(f"| {module} | {len(drawn) - len(missed)} of {len(drawn)} | {'; '.join(missed)} |", flush=True)
    print(f"\n{noticed} of {tried}: {noticed / max(tried, 1):.2f}")


if __name__ == "__main__":
    main()
