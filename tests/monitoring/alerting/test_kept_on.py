"""Alerts that people keep on: silences, acknowledgements, the digest, changes of severity, and one example of each."""

from __future__ import annotations

import time
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli.alerts import alerts
from components.adapters.files.params_file import read_params
from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.alerts.silences import Silence, SilenceStore
from components.adapters.store.engine import migrate, open_engine
from components.config.settings import load_settings
from jobs.monitoring.digest import send_digest
from jobs.wiring.workbench import Workbench
from monitoring.alerting.message import MessageContext
from monitoring.alerting.tell import EVENTS, IncidentChange, Teller
from monitoring.rules.judge import Clear, Firing, Verdict
from monitoring.rules.table import Severity, read_rules
from tests.free_ports import free_ports
from tests.monitoring.alerting.webhook import Webhook

PARAMS = read_params(Path(__file__).parents[3] / "params.yaml").monitor
RULE = next(rule for rule in read_rules() if rule.name == "latency_p95")
HOUR = 3600.0
CONTEXT = MessageContext("release-1", None, None, None, "report", "docs/runbooks")


def slow(severity: Severity = "warning") -> Firing:
    return Firing(RULE, severity, 900.0, 100.0, 0.0)


def tell(engine: Engine, verdict: Verdict, now: float) -> list[IncidentChange]:
    silences = SilenceStore(engine).active(now)
    teller = Teller(AlertStore(engine), ["mail", EVENTS], PARAMS.answering, 2, lambda _firing: CONTEXT, silences)
    return teller.tell([verdict], now, now)


def sent(engine: Engine) -> list[tuple[str, str]]:
    return [(row.kind, row.channel) for row in AlertStore(engine).deliveries(1)]


def thread(engine: Engine) -> list[str]:
    (alert,) = AlertStore(engine).since(0.0)
    return [entry["text"] for entry in alert.details["thread"]]


def test_a_silenced_incident_is_kept_and_told_once_the_silence_is_over(engine: Engine) -> None:
    SilenceStore(engine).add(Silence(RULE.name, 0.0, 2 * HOUR, "a new disk", "ada"))
    tell(engine, slow(), HOUR)
    tell(engine, slow("critical"), 1.5 * HOUR)
    assert sent(engine) == [("opened", EVENTS), ("changed", EVENTS)]
    tell(engine, slow("critical"), 3 * HOUR)
    assert sent(engine)[2:] == [("opened", "mail")]
    tell(engine, slow("critical"), 4 * HOUR)
    assert len(sent(engine)) == 3
    assert any("silenced by ada: a new disk" in line for line in thread(engine))
    assert thread(engine)[-1] == "the silence is over: told"


def test_what_opened_and_ended_in_silence_is_told_to_nobody(engine: Engine) -> None:
    SilenceStore(engine).add(Silence(RULE.name, 0.0, 2 * HOUR, "a new disk", "ada"))
    tell(engine, slow(), HOUR)
    for hour in (3, 4):
        tell(engine, Clear(RULE, 90.0), hour * HOUR)
    assert sent(engine) == [("opened", EVENTS), ("resolved", EVENTS)]


def test_other_rules_are_not_silenced_and_a_lifted_silence_is_over(engine: Engine) -> None:
    silences = SilenceStore(engine)
    silences.add(Silence("errors", 0.0, 9 * HOUR, "x", "ada"))
    silences.add(Silence(RULE.name, 0.0, 9 * HOUR, "x", "ada"))
    assert silences.lift(RULE.name, HOUR)
    assert not silences.lift(RULE.name, HOUR)
    tell(engine, slow(), HOUR)
    assert sent(engine) == [("opened", "mail"), ("opened", EVENTS)]
    with pytest.raises(ValueError, match="at most 30 days"):
        silences.add(Silence("errors", 0.0, 31 * 24 * HOUR, "x", "ada"))


def test_a_change_of_severity_is_told_and_kept_in_the_thread(engine: Engine) -> None:
    tell(engine, slow(), HOUR)
    (changed,) = tell(engine, slow("critical"), 2 * HOUR)
    assert changed.what == "changed"
    assert "critical (was warning)" in changed.message.body
    assert ("changed", "mail") in sent(engine)
    assert thread(engine)[-1] == "now critical, was warning"


def test_an_acknowledgement_is_kept_and_an_incident_that_is_over_takes_none(engine: Engine) -> None:
    tell(engine, slow(), HOUR)
    store = AlertStore(engine)
    assert store.acknowledge(1, "ada", "looking at the disk", 2 * HOUR)
    assert thread(engine)[-1] == "acknowledged by ada: looking at the disk"
    for hour in (3, 4):
        tell(engine, Clear(RULE, 90.0), hour * HOUR)
    assert "Meanwhile: acknowledged by ada: looking at the disk" in store.deliveries(1)[-1].message["body"]
    assert not store.acknowledge(1, "ada", "", 5 * HOUR)
    assert not store.acknowledge(99, "ada", "", 5 * HOUR)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    monkeypatch.setenv("RECOPS_PREFECT_PORT", str(free_ports(1)[0]))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    migrate(f"sqlite:///{tmp_path / 'events.db'}")
    return tmp_path


def recops_alerts(*arguments: str) -> Result:
    return CliRunner().invoke(alerts, list(arguments))


def test_the_digest_reaches_a_webhook_once_a_day_and_says_what_is_open_and_silenced(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(f"sqlite:///{home / 'events.db'}")
    now = time.time()
    tell(engine, slow(), now - HOUR)
    with Webhook() as webhook:
        monkeypatch.setenv("RECOPS_ALERT_URLS", webhook.url)
        assert recops_alerts("ack", "1", "--why", "on it", "--by", "ada").exit_code == 0
        assert recops_alerts("silence", "errors", "--for", "2h", "--why", "deploying", "--by", "bob").exit_code == 0
        with Workbench(load_settings()) as bench:
            assert send_digest(bench, now) is not None
            assert send_digest(bench, now) is None
        digests = [body for _, body in webhook.received if "[digest]" in body["title"]]
    (body,) = digests
    assert body["title"] == "[digest] 1 incidents open, 0 ended"
    for words in ("latency p95", "acknowledged by ada: on it", "Silenced: errors", "bob: deploying"):
        assert words in body["message"]
    assert thread_of_first(engine)[-1].startswith("in the digest of ")
    engine.dispose()


def thread_of_first(engine: Engine) -> list[str]:
    alert = AlertStore(engine).since(0.0)[0]
    return [entry["text"] for entry in alert.details["thread"]]


def test_a_silence_of_no_rule_or_no_length_is_refused(home: Path) -> None:
    assert "there is no rule 'nonsense'" in recops_alerts("silence", "nonsense", "--why", "x").output
    assert "write 30m, 2h or 1d" in recops_alerts("silence", "errors", "--for", "long", "--why", "x").output
    assert "say why" in recops_alerts("silence", "errors").output
    assert "no incident 7 is open" in recops_alerts("ack", "7").output
    assert "was not silenced" in recops_alerts("silence", "errors", "--lift").output


def test_one_message_of_each_kind_reaches_a_webhook_and_a_mailbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mails: list[bytes] = []

    class Sink:
        async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
            mails.append(envelope.content)
            return "250 taken"

    (port,) = free_ports(1)
    smtp = Controller(Sink(), hostname="127.0.0.1", port=port)
    smtp.start()
    try:
        with Webhook() as webhook:
            mail = f"mailto://127.0.0.1:{port}?from=recops@example.org&to=team@example.org&mode=insecure"
            monkeypatch.setenv("RECOPS_ALERT_URLS", f"{webhook.url} {mail}")
            said = recops_alerts("test").output
    finally:
        smtp.stop()
    titles = [body["title"] for _, body in webhook.received]
    assert [title.split("] ")[1].removeprefix("[") for title in titles] == [
        "warning",
        "critical",
        "recovered",
        "digest",
    ]
    assert len({key for key, _ in webhook.received}) == 4
    assert len([message_from_bytes(raw) for raw in mails]) == 4
    for kind in ("opened", "changed", "resolved", "digest"):
        assert said.count(f", {kind}: took it") == 2
