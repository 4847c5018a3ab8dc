"""Addresses hide what is secret in them, keys fit, commands are read exactly."""

import pytest

from alpha_panda.domain.channels import Channel
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.control import HaltScope
from alpha_panda.notifier.addresses import Address, hidden, open_address, service_of
from alpha_panda.notifier.commands import Confirmations, Request, read_command
from alpha_panda.notifier.declared import read_channels
from alpha_panda.notifier.vault import Vault

DISCORD = "discord://417429632418316298/JHZ7lQml277CDHmQKMHI8qBe7bk2ZwO5UKjCiOAF7711o33MyqU344Qpgv7YTpadV_js"


@pytest.mark.parametrize(
    ("url", "service"),
    [("mailtos://a:b@c", "email"), ("tgram://1:a/2", "telegram"), ("jsons://h/p", "webhook"), ("ntfys://t", "ntfys")],
)
def test_services_have_the_names_that_people_use(url: str, service: str):
    assert service_of(url) == service


def test_what_is_secret_in_an_address_is_hidden_in_what_is_said():
    said = hidden(
        f"POST https://discord.com/{DISCORD.rsplit('/', maxsplit=1)[-1]} failed for 417429632418316298", DISCORD
    )
    assert said == "POST https://discord.com/*** failed for ***"


def test_an_address_that_nothing_can_be_sent_to_is_refused_without_being_shown():
    with pytest.raises(InputError, match="none that can be sent to") as found:
        open_address(Address(url="discord://only-one-secret-part"))
    assert "secret" not in str(found.value)


def test_a_server_of_ones_own_stands_in_place_of_the_services():
    assert open_address(Address(url=DISCORD, server="http://127.0.0.1:1/")).notify_url == "http://127.0.0.1:1"
    with pytest.raises(InputError, match="--server is for"):
        open_address(Address(url="json://localhost", server="http://127.0.0.1:1"))


def test_another_key_does_not_open_an_address():
    closed = Vault("one").close(DISCORD)
    assert Vault("one").open(closed) == DISCORD
    assert DISCORD.encode() not in closed
    with pytest.raises(PandaError, match="another key"):
        Vault("two").open(closed)


def test_channels_of_the_settings_are_read_and_mistakes_tell_no_secret():
    text = f"phone:\n  url: {DISCORD}\n  floor: critical\n  quiet: 22:00-07:00\n"
    [(channel, address)] = read_channels(text).values()
    assert channel == Channel(name="phone", service="discord", floor="critical", quiet="22:00-07:00")
    assert address.url == DISCORD
    assert read_channels(None) == {}
    for wrong in (
        "- a",
        "phone: {}",
        f"phone: {{url: {DISCORD}, flor: low}}",
        f"phone: {{url: '{DISCORD}', floor: 7}}",
        "a: [",
    ):
        with pytest.raises(InputError, match=r"notifier\.channels") as found:
            read_channels(wrong)
        assert "JHZ7" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("/status", Request(verb="status")),
        ("/halt", Request(verb="halt")),
        (" /HALT@panda_bot all ", Request(verb="halt")),
        ("/halt strategy momentum", Request(verb="halt", scope=HaltScope.STRATEGY, subject="momentum")),
        ("/resume instrument nse:tcs", Request(verb="resume", scope=HaltScope.INSTRUMENT, subject="NSE:TCS")),
        ("/confirm 1234", Request(verb="confirm", subject="1234")),
    ],
)
def test_commands_are_read(text: str, request_: Request):
    assert read_command(text) == request_


@pytest.mark.parametrize("text", ["", "halt", "/sell everything", "/halt now please", "/halt strategy", "/confirm"])
def test_whatever_else_is_written_is_refused_with_what_there_is(text: str):
    with pytest.raises(InputError, match="/"):
        read_command(text)


def test_a_confirmation_is_good_once_for_its_chat_and_for_a_minute():
    now = [0.0]
    waiting = Confirmations(lambda: now[0], lambda: "1234")
    asked = Request(verb="resume")
    waiting.ask("a", asked)
    with pytest.raises(InputError, match="nothing waits"):
        waiting.take("b", "1234")
    assert waiting.take("a", "1234") == asked
    with pytest.raises(InputError, match="nothing waits"):
        waiting.take("a", "1234")
    waiting.ask("a", asked)
    with pytest.raises(InputError, match="nothing waits"):
        waiting.take("a", "9999")
    with pytest.raises(InputError, match="nothing waits"):
        waiting.take("a", "1234")
    waiting.ask("a", asked)
    now[0] = 61.0
    with pytest.raises(InputError, match="nothing waits"):
        waiting.take("a", "1234")
