"""The hub gives every listener what happens, again what it missed, and lets go whoever does not keep up."""

from alpha_panda.api.realtime.hub import KEPT, RESET, Hub, Listener


async def kinds(listener: Listener, count: int) -> list[str]:
    found = [await listener.next(1) for _ in range(count)]
    return [message.kind for message in found if message is not None]


async def test_a_listener_gets_what_it_asked_for():
    hub = Hub()
    with hub.listen(kinds=frozenset({"fill"}), broker="paper") as listener:
        hub.publish("fill", {"n": 1}, "paper")
        hub.publish("fill", {"n": 2}, "other")
        hub.publish("order", {"n": 3}, "paper")
        hub.publish("fill", {"n": 4})
        assert hub.listeners == 1
        assert await kinds(listener, 2) == ["fill", "fill"]
        assert await listener.next(0.01) is None
    assert hub.listeners == 0


async def test_who_comes_back_gets_what_was_missed_in_order():
    hub = Hub()
    first = hub.publish("a", {})
    hub.publish("b", {})
    hub.publish("c", {})
    with hub.listen(first.id) as listener:
        assert await kinds(listener, 2) == ["b", "c"]


async def test_who_was_away_too_long_or_comes_from_another_life_reads_everything_anew():
    hub = Hub()
    first = hub.publish("a", {})
    for _ in range(KEPT + 1):
        hub.publish("b", {})
    for last in (first.id, "0000-1", "nonsense", f"{first.id}9999999"):
        with hub.listen(last) as listener:
            assert await kinds(listener, 1) == [RESET]


async def test_a_listener_that_does_not_keep_up_is_let_go_and_holds_up_nobody():
    hub = Hub()
    with hub.listen() as slow, hub.listen() as quick:
        for number in range(600):
            hub.publish("tick", number)
            assert await quick.next(1) is not None
        assert slow.slow
        assert [part async for part in hub.stream(slow, 0.01)] == []
        assert not quick.slow


def test_a_message_is_on_the_wire_as_browsers_read_it():
    message = Hub().publish("fill", {"text": "two\nlines"})
    assert message.wire == f'event: fill\ndata: {{"text":"two\\nlines"}}\nid: {message.id}\n\n'.encode()


async def test_what_came_together_goes_out_together_and_silence_is_broken():
    hub = Hub()
    with hub.listen() as listener:
        wires = [hub.publish("fill", {"n": number}).wire for number in range(3)]
        stream = hub.stream(listener, 0.01)
        assert await anext(stream) == b"".join(wires)
        assert await anext(stream) == b": nothing new\n\n"
