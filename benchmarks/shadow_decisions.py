"""`python -m benchmarks.shadow_decisions`: how often a new prompt is rightly promoted, refused, or left undecided."""

from __future__ import annotations

from benchmarks.report import Report, report_main
from benchmarks.shadow_trials import Condition, Counted, noise_for, repeat, repeat_extended, requests_to_plan
from benchmarks.shadow_world import Habits, Skill
from benchmarks.stated_params import stated
from components.config.shadow import ShadowConfig

RUNS = {False: 20, True: 200}
FEWER_RUNS_FROM = 1_000
"""Requests of an evaluation from which on a quarter of the runs must do."""
CLICKS_ONLY = Habits(later=0.0, clicks=0.3)
TAKEN = Habits(from_list=0.9)
EXPLORED = Habits(clicks=0.3, explored=1.0)


def run(full: bool) -> Report:
    """Every condition, each with worlds of its own; `full` repeats 200 evaluations of each."""
    policy, runs = stated(ShadowConfig), RUNS[full]
    planned = requests_to_plan(policy, Habits())
    better, barely, worse = (
        noise_for(gain, Habits()) for gain in (policy.planned_gain, policy.min_gain, -policy.planned_gain)
    )
    conditions = {
        "equal": Condition(Skill(1.0), Habits(), planned),
        f"better by the planned {policy.planned_gain:g}": Condition(Skill(better), Habits(), planned),
        f"better by the minimum {policy.min_gain:g} only": Condition(Skill(barely), Habits(), planned),
        f"worse by {policy.planned_gain:g}": Condition(Skill(worse), Habits(), planned),
        "much better, 3 % of 500 replies faulty": Condition(Skill(0.2, faulty=0.03), Habits(), 500),
        "clicks in the champion's list alone, equal": Condition(Skill(1.0), CLICKS_ONLY, planned),
        "clicks in the champion's list alone, better": Condition(Skill(better), CLICKS_ONLY, planned),
        "clicks in the champion's list alone, much better": Condition(Skill(0.2), CLICKS_ONLY, planned),
        "equal, most wishes taken from the list": Condition(Skill(1.0), TAKEN, planned),
        "better, most wishes taken from the list": Condition(Skill(better), TAKEN, planned),
        "equal, random position, 2,000 requests": Condition(Skill(1.0), EXPLORED, 2_000),
        "much better, random position, 2,000 requests": Condition(Skill(0.2), EXPLORED, 2_000),
    }
    rows = []
    for seed, (name, condition) in enumerate(conditions.items(), start=10):
        times = runs if condition.requests < FEWER_RUNS_FROM else runs // 4
        rows.append(_row(name, condition, repeat(condition, policy, seed, times)))
        print(rows[-1], flush=True)
    sizes = (planned, planned * 5 // 4, planned * 3 // 2, planned * 2)
    for name, skill, seed in (("equal", Skill(1.0), 50), ("better", Skill(better), 51)):
        extended = repeat_extended(skill, sizes, policy, seed, runs // 2)
        rows.append(
            {
                "challenger": f"{name}, read on at {', '.join(map(str, sizes[1:]))}",
                "requests": sizes[-1],
                "runs": extended.runs,
                "promoted": extended.at_any,
                "undecided": f"{extended.at_plan} promoted at the planned read",
            }
        )
        print(rows[-1], flush=True)
    return Report(
        "Decisions on prompts whose truth is known",
        rows,
        (
            f"the planned read is at {planned} requests: {policy.planned_gain:g} is told from {policy.min_gain:g} with "
            f"{policy.power:.0%}, at the one-sided level {policy.read_level:g}",
            f"noise of the champion 1, of a prompt better by the plan {better:.3f}, by the minimum {barely:.3f}, "
            f"worse {worse:.3f}",
        ),
    )


def _row(name: str, condition: Condition, counted: Counted) -> dict[str, float | int | str]:
    refused_for = ", ".join(f"{check} {count}" for check, count in counted.refused_for.items())
    row: dict[str, float | int | str] = {
        "challenger": name,
        "requests": condition.requests,
        "runs": counted.runs,
        "promoted": counted.promoted,
        "refused": counted.refused,
        "undecided": counted.undecided,
        "refused for": refused_for,
    }
    for source in ("later", "listed", "all", "explored"):
        found = counted.differences.get(source)
        row[f"by {source}"] = "" if found is None else f"{found:+.3f}"
        row[f"{source} alone promotes"] = counted.misled.get(source, 0)
    return row


def main() -> None:
    """Prints the table."""
    report_main(__doc__, run)


if __name__ == "__main__":
    main()
