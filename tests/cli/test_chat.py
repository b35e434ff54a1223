"""`recops chat` keeps to one conversation, and shows each reply with its list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from cli.chat import chat
from tests.catalogue_gateway import Gateway, catalogue_gateway
from tests.free_ports import free_ports


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with catalogue_gateway() as gateway:
        yield gateway


def test_the_second_message_goes_on_with_the_conversation_of_the_first(gateway: Gateway) -> None:
    said = CliRunner().invoke(chat, ["--user", "7", "--url", gateway.url], input="crime\nshorter\nquit\n")
    assert said.exit_code == 0
    assert gateway.asked == [
        ("/chat", {"message": "crime", "k": 5, "user_id": "7"}),
        ("/chat", {"message": "shorter", "k": 5, "conversation_id": "c" * 24}),
    ]
    assert said.output.count("Understood: Crime.") == 2
    assert "Heat (1995)" in said.output


def test_an_empty_line_ends_it_and_an_error_is_one_line(gateway: Gateway) -> None:
    assert CliRunner().invoke(chat, ["--url", gateway.url], input="\n").exit_code == 0
    refused = CliRunner().invoke(chat, ["--url", gateway.url], input="refuse\n")
    assert (refused.exit_code, "no such thing" in refused.output) == (1, True)
    silent = CliRunner().invoke(chat, ["--url", f"http://127.0.0.1:{free_ports(1)[0]}"], input="crime\n")
    assert (silent.exit_code, "recops up" in silent.output) == (1, True)
