"""What the county orders besides the plan: calls to a person, and broadcasts. An order's key says that it is the
county's, and until when it is wanted, so that what a kill left over is not said hours later."""

from heartlamp_protocol.downlink import BroadcastCommand, CallCommand

from heartlamp_gateway.outputs.adapter import Order, Report

_COUNTY = "county"


def order(command: CallCommand | BroadcastCommand, until: int) -> Order:
    """`until`: village clock, ms, 0 always."""
    key = f"{_COUNTY}/{until}/{command.kind}/{command.id}"
    if isinstance(command, BroadcastCommand):
        said = (command.drill, command.text, command.clip, command.times)
        return Order(key, "speaker", "", "", "broadcast", "", "", "", command.lang, *said)
    called = (command.channel, command.address, command.incident, command.what, command.place)
    return Order(key, *called, "", command.name, command.lang, command.drill)


def is_countys(order: Order) -> bool:
    return order.key.startswith(f"{_COUNTY}/")


def is_wanted(order: Order, now: int) -> bool:
    """`now`: village clock, ms."""
    until = int(order.key.split("/")[1])
    return until == 0 or now < until


def told(order: Order, report: Report) -> str:
    """The subject of a note `ordered`."""
    id = order.key.rpartition("/")[2]
    return f"{id} {report.state}" + (f" · {report.why}" if report.why else "")
