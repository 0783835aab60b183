"""A handler subscribes to every event of a family or to none: no kind of body is forgotten."""

from collections.abc import Iterator

from libs.common.events.registry import FAMILIES, CCGMerged
from libs.common.messaging.subscriptions import Projection, Subscriptions
from tests.support.platform import SERVICES, service


def incomplete(subscriptions: Subscriptions) -> Iterator[str]:
    """The handlers that name some events of a family and not all."""
    handlers = [(handler.projection.name, handler.names) for handler in subscriptions.knowing]
    handlers += [(handler.name, handler.names) for handler in subscriptions.acting]
    for name, names in handlers:
        for family in FAMILIES:
            events = {kind.event_name for kind in family}
            if events & names and events - names:
                yield f"{name} lacks {', '.join(sorted(events - names))}"


def test_each_handler_names_all_events_of_a_family_or_none() -> None:
    of_all = [subscriptions for name in SERVICES if (subscriptions := service(name).subscriptions)]
    assert len(of_all) == len(SERVICES) - 1, "the registry consumes nothing"
    assert [fault for subscriptions in of_all for fault in incomplete(subscriptions)] == []


def test_a_handler_that_names_one_of_a_family_is_refused() -> None:
    planted = Subscriptions("planted")

    @planted.on(CCGMerged)
    async def forgets_icbs(_: object) -> bool:
        return False

    @planted.knows(Projection("half", (), ""), CCGMerged)
    async def keeps_half(*_: object) -> None:
        return None

    assert sorted(incomplete(planted)) == ["forgets_icbs lacks ICBMerged", "half lacks ICBMerged"]


def test_what_makes_an_event_fall_due_is_of_one_publisher_whose_log_it_is_in() -> None:
    rules = [
        (name, kind.event_name, rule)
        for name in SERVICES
        for kind, several in service(name).made_due.rules.items()
        for rule in several
    ]
    assert rules
    assert [(name, event) for name, event, rule in rules if len({kind.topic for kind in rule.events}) > 1] == []
