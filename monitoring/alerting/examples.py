"""One message of each kind, of a fall that never was, so that people see on their channels what an alert looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from components.adapters.store.alerts.incidents import Alert
from monitoring.alerting.answer import Retrain
from monitoring.alerting.digest import DAY, DIGEST, of_day
from monitoring.alerting.message import Message, MessageContext, of_firing, of_recovery
from monitoring.rules.judge import Firing
from monitoring.rules.table import Rule

NOTHING_IS_WRONG = "Sent by `recops alerts test`. Nothing is wrong."


def examples(rule: Rule, now: float) -> Sequence[tuple[str, Message]]:
    """Kind and message: opened, changed, resolved, and a digest, all marked as tests; `rule` lends its name."""
    firing = Firing(rule, "warning", 2 * rule.limit, rule.limit / 2, now - DAY)
    context = MessageContext("release-2", "release-1", None, None, "the report", "docs/runbooks")
    answer = Retrain("an example")
    opened = of_firing(firing, context, answer)
    worse = of_firing(replace(firing, severity="critical", value=4 * rule.limit), context, answer, "warning")
    thread = [{"at": now, "text": "acknowledged by you"}]
    over = of_recovery(rule.name, rule.figure, rule.limit / 2, rule.limit / 2, now - DAY, now, rule.unit, thread)
    details = {"message": opened.plain()}
    alert = Alert(0, rule.name, rule.name, "warning", "open", 1, now - DAY / 2, now, None, details)
    messages = (("opened", opened), ("changed", worse), ("resolved", over), (DIGEST, of_day([alert], {}, now)))
    return [
        (kind, replace(each, title=f"[test] {each.title}", body=f"{NOTHING_IS_WRONG}\n{each.body}"))
        for kind, each in messages
    ]
