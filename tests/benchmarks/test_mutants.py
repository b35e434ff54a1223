"""A fault is small, changes what the program does and never its source, and none is put where nothing is decided."""

from __future__ import annotations

import ast

import pytest

from benchmarks.mutants import DECIDING, ROOT, faults_of


def faults(source: str) -> list[tuple[int, str]]:
    return [(line, what) for line, what, _ in faults_of(source)]


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", ["a <= b"]),
        ("a == b", ["a != b"]),
        ("a not in b", ["a in b"]),
        ("a is None", ["a is not None"]),
        ("a and b", ["a or b"]),
        ("not a", ["+a"]),
        ("a + b", ["a - b"]),
        ("a / b", ["a * b"]),
        ("f(True)", ["f(False)"]),
        ("x = 3", ["x = 4", "x = 6"]),
        ("x = 1", ["x = 2"]),
        ("x = 0", ["x = 1"]),
        ("x = 1e-09", ["x = 1.000000001"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
    ],
)
def test_each_place_has_the_faults_that_people_make_there_and_none_twice(source: str, changed: list[str]) -> None:
    assert [ast.unparse(make().tree) for _, _, make in faults_of(source)] == changed


@pytest.mark.parametrize(
    "source",
    [
        "'''Words of 3.'''",
        "@dataclass(frozen=True)\nclass A:\n    x: Literal[1, 2]",
        "@cache(3)\ndef f(a: Literal[1]) -> Literal[2]:\n    pass",
        "zip(a, b, strict=True)",
        "'%s' % a",
        "def f():\n    return None",
        "def f():\n    return",
    ],
)
def test_what_decides_nothing_has_no_faults(source: str) -> None:
    assert faults(source) == []


def test_a_fault_says_its_line_and_leaves_the_others_as_they_are() -> None:
    source = "a = 0\nif a < 2:\n    b = a\n"
    assert faults(source) == [(1, "1 for 0"), (2, "Lt for LtE"), (2, "3 for 2"), (2, "4 for 2")]
    made = [make() for _, _, make in faults_of(source)]
    assert [(each.line, each.what) for each in made] == faults(source)
    assert ast.unparse(made[1].tree) == "a = 0\nif a <= 2:\n    b = a"


def test_every_module_that_decides_is_there_with_tests_beside_it() -> None:
    for module, tests in DECIDING.items():
        assert (ROOT / module).is_file()
        assert tests and all((ROOT / test).is_file() for test in tests)
