"""Which lamp carries me, and on which channel to look for one. Pure; times in ms of one clock."""

from heartlamp_protocol.device.limits import STALE_MS

PROBE_MS = 10_000  # the carrier is asked this often
ALIVE_MS = PROBE_MS * 5 // 2  # and counts while its last answer is not older
SHUN_MS = 15_000  # a lamp that did not take an event is the last choice for this long
WEAK_DBM, WEAK_SPAN = (
    -90,
    5,
)  # below this a lamp is heard badly; one that does not carry us yet must be this much better


class Offer:
    """What a lamp last answered. heard_at: when, None never; hops: of that lamp to a line; proven_at: when the village
    was last heard of at the end of its line, None never; shunned_until: it did not take what it was given;
    silent: messages in a row that it did not answer; rssi: dBm, 0 not known."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.heard_at: "int | None" = None
        self.hops = 255
        self.proven_at: "int | None" = None
        self.shunned_until = 0
        self.silent = 0
        self.rssi = 0


def is_up(offer: Offer, most_hops: int, now: int) -> bool:
    """It answers, and has a line or knows one near enough."""
    return offer.heard_at is not None and now - offer.heard_at <= ALIVE_MS and offer.hops <= most_hops


def is_proven(offer: Offer, now: int) -> bool:
    return offer.proven_at is not None and now - offer.proven_at <= STALE_MS


def order(offers: "list[Offer]", current: str, most_hops: int, now: int) -> "list[Offer]":
    """Those that are up, the one that carries us first: not shunned, then proven, then with the fewest hops (a weak one
    counts for one more), then the present one, then in the order of the list. most_hops: 3 for a lamp, which is a hop
    itself; 4 for a button."""
    ranked = []
    for place, offer in enumerate(offers):
        if is_up(offer, most_hops, now):
            other = offer.id != current
            weak = offer.rssi < WEAK_DBM + (WEAK_SPAN if other else 0)
            hops = offer.hops + weak
            rank = (offer.shunned_until > now, not is_proven(offer, now), hops, weak, other, place)
            ranked.append((rank, offer))
    ranked.sort(key=lambda pair: pair[0])
    return [offer for _, offer in ranked]


def channels(last: int, home: int) -> "list[int]":
    """Where to look, in order: where it last was, where it was set to be, where access points usually are, the rest."""
    order = []
    for channel in [last, home, 1, 6, 11] + list(range(1, 14)):
        if 1 <= channel <= 13 and channel not in order:
            order.append(channel)
    return order
