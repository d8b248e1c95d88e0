"""Which lamp carries me, and on which channel to look for one. Pure; times in ms of one clock."""

from heartlamp_protocol.device.limits import STALE_MS

from heartlamp.radio.peer import Peer

PROBE_MS = 10_000  # the carrier is asked this often
ALIVE_MS = PROBE_MS * 5 // 2  # and counts while its last answer is not older
SHUN_MS = 15_000  # a lamp that did not take an event is the last choice for this long
WEAK_DBM, WEAK_SPAN = (
    -90,
    5,
)  # below this a lamp is heard badly; one that does not carry us yet must be this much better


def answers(peer: Peer, now: int) -> bool:
    return peer.answered_at is not None and now - peer.answered_at <= ALIVE_MS


def is_proven(peer: Peer, now: int) -> bool:
    return peer.proven_at is not None and now - peer.proven_at <= STALE_MS


def order(carriers: "list[Peer]", current: "Peer | None", most_hops: int, now: int) -> "list[Peer]":
    """Those that answer and have a line or know one near enough, who is to carry us first: not shunned, then proven,
    then with the fewest hops (a weak one counts for one more), then the present one, then in the order of the list.
    most_hops: 3 for a lamp, which is a hop itself; 4 for a button."""
    ranked = []
    for place, peer in enumerate(carriers):
        if answers(peer, now) and peer.hops <= most_hops:
            other = peer is not current
            weak = peer.rssi < WEAK_DBM + (WEAK_SPAN if other else 0)
            hops = peer.hops + weak
            rank = (peer.shunned_until > now, not is_proven(peer, now), hops, weak, other, place)
            ranked.append((rank, peer))
    ranked.sort(key=lambda pair: pair[0])
    return [peer for _, peer in ranked]


def channels(last: int, home: int) -> "list[int]":
    """Where to look, in order: where it last was, where it was set to be, where access points usually are, the rest."""
    order = []
    for channel in [last, home, 1, 6, 11] + list(range(1, 14)):
        if 1 <= channel <= 13 and channel not in order:
            order.append(channel)
    return order
