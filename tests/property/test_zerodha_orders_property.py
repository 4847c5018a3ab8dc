"""Whatever the exchange answers, in whatever order it is heard of, and wherever a crash falls."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.exchange_model import CREDIBLE, WALL, ExchangeModel, Trader
from tests.support.trading import BOLT, entry, exit_of, moment

from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.signals import Product, Side
from alpha_panda.zerodha_trading.lifecycle import join
from alpha_panda.zerodha_trading.state import Part, State

FATES = ("accepted", "accepted", "accepted_unheard", "accepted_and_crash", "crash_before_post", "rejected", "lost")
PARTS = st.builds(
    Part,
    broker_order_id=st.just("1"),
    status=st.sampled_from(["OPEN", "TRIGGER PENDING", "UPDATE", "COMPLETE", "CANCELLED", "REJECTED", "NEW WORD"]),
    quantity=st.just(10),
    filled=st.integers(0, 10),
    at=st.one_of(st.none(), st.integers(0, 5).map(lambda n: moment("10:00:00") + timedelta(seconds=n))),
)


@given(st.lists(PARTS, min_size=1, max_size=6), st.randoms())
def test_reports_come_to_the_same_in_any_order_and_however_often(parts: list[Part], random: object) -> None:
    shuffled = [*parts, *parts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    known = heard = None
    for part in parts:
        known = join(known, part)
    for part in shuffled:
        heard = join(heard, part)
    assert known == heard


class OrdersAtAnExchange(RuleBasedStateMachine):
    """Signals, replies, reports, trades, crashes: at most one post an order, and books that come out even."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange = ExchangeModel()
        self.trader = Trader(self.exchange)
        self.signals = 0
        self.open: dict[str, Side] = {}

    @rule(side=st.sampled_from(Side), quantity=st.integers(1, 40), stop=st.booleans(), aim=st.booleans())
    def enter(self, side: Side, quantity: int, *, stop: bool, aim: bool) -> None:
        self.signals += 1
        away = side.sign * 100
        signal = entry(
            "10:00:00",
            quantity,
            n=self.signals,
            strategy=f"s{self.signals % 3}",
            side=side,
            product=Product.MIS,
            instrument_token=BOLT,
            stop_loss_paise=10_000 - away if stop else None,
            target_paise=10_000 + away if aim else None,
        )
        self.trader.desk.signal(signal, WALL, None, None)
        self.trader.desk.signal(signal, WALL, None, None)
        self.trader.write()

    @precondition(lambda self: self.trader.desk.book.trades)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        trade = data.draw(st.sampled_from(sorted(self.trader.desk.book.trades.values(), key=lambda t: t.signal_id)))
        self.signals += 1
        signal = exit_of(
            "10:10:00",
            max(1, trade.open),
            n=self.signals,
            strategy=trade.strategy,
            side=trade.side.opposite,
            product=trade.product,
            instrument_token=BOLT,
        )
        self.trader.desk.signal(signal, WALL, None, None)
        self.trader.write()

    @rule(fate=st.sampled_from(FATES))
    def send(self, fate: str) -> None:
        self.trader.send_next(fate)

    @rule()
    def crash(self) -> None:
        self.trader.crash()

    @rule()
    def change(self) -> None:
        self.trader.do_changes()

    @precondition(lambda self: any(each.is_open for each in self.exchange.orders.values()))
    @rule(data=st.data())
    def trade(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([n for n, each in self.exchange.orders.items() if each.is_open]))
        resting = self.exchange.orders[name]
        self.exchange.trade(name, data.draw(st.integers(1, resting.quantity - resting.filled)))

    @precondition(lambda self: self.exchange.reports)
    @rule(data=st.data())
    def hear_something(self, data: st.DataObject) -> None:
        orders = data.draw(st.lists(st.sampled_from(self.exchange.reports), max_size=5))
        trades = data.draw(st.lists(st.sampled_from(self.exchange.trades), max_size=5)) if self.exchange.trades else []
        self.trader.hear(orders, trades)

    @rule()
    def hear_everything(self) -> None:
        self.trader.hear_everything()

    @rule()
    def give_up_looking(self) -> None:
        for record in list(self.trader.desk.book.orders.values()):
            self.trader.desk.absent(record.order.order_id)
        self.trader.write()

    @invariant()
    def no_order_is_posted_twice(self) -> None:
        assert max(Counter(self.exchange.posts).values(), default=1) == 1

    @invariant()
    def nothing_that_the_exchange_has_counts_as_not_sent(self) -> None:
        tags = {each.tag for each in self.exchange.orders.values()}
        assert not [o for o in self.trader.desk.book.orders.values() if o.state in CREDIBLE and o.tag in tags]

    @invariant()
    def each_order_tells_its_life_in_order_and_once(self) -> None:
        by_order = defaultdict(list)
        for event in self.trader.events:
            by_order[event.data.order.order_id].append(event.sequence)
        assert all(found == list(range(len(found))) for found in by_order.values())
        assert len({event.id for event in self.trader.events}) == len(self.trader.events)

    @invariant()
    def entries_wait_while_an_outcome_is_unknown(self) -> None:
        book = self.trader.desk.book
        for record in book.orders.values():
            assert record.filled <= record.order.quantity or not record.over

    def teardown(self) -> None:
        self.trader.hear_everything()
        fills = Counter(e.data.trade_id for e in self.trader.events if isinstance(e.data, OrderFilled))
        assert fills == Counter(each.trade_id for each in self.exchange.trades)
        book = self.trader.desk.book
        for signal_id, trade in book.trades.items():
            mine = [each for each in book.orders.values() if each.trade == signal_id]
            signed = sum(each.order.side.sign * each.filled for each in mine)
            assert trade.open == trade.side.sign * signed
        gone = [each for each in book.orders.values() if each.trade and each.trade not in book.trades]
        assert all(each.over for each in gone)
        net = defaultdict(int)
        for each in gone:
            net[each.trade] += each.order.side.sign * each.filled
        assert not any(net.values())
        assert not any(each.state is State.SENDING for each in book.orders.values())


TestOrdersAtAnExchange = OrdersAtAnExchange.TestCase
TestOrdersAtAnExchange.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
