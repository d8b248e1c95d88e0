"""A message in words, out of rows. Pure."""

from collections.abc import Sequence

from heartlamp_server.notification.channels.channel import Message
from heartlamp_server.notification.links import Signer
from heartlamp_server.notification.model import ASKS, Row, counted
from heartlamp_server.notification.texts import PARAMETERS, Texts

_MANY = {"alarm": "many", "drill": "drills"}
PLACES_MOST = 6


def compose(rows: Sequence[Row], texts: Texts, sign: Signer | None) -> Message:
    """One message of all `rows`, which are of one group. `sign` None: it has no link."""
    first, count = rows[0], counted(rows)
    kind = _MANY.get(first.kind, first.kind) if count > 1 else first.kind
    fields = dict(first.fields)
    if count > 1:
        places = list(dict.fromkeys(row.fields.get("place", "") for row in rows))
        fields |= {"count": str(count), "places": "、".join(places[:PLACES_MOST])}
        fields["places"] += "…" if len(places) > PLACES_MOST else ""
    link = sign.link(first.id) if sign and kind in ASKS else ""
    lang = first.lang
    long = texts.say(f"{kind}.long", lang, fields)
    if link:
        long = f"{long}\n{texts.say('link', lang, {'link': link})}"
    speech = texts.say(f"{kind}.speech", lang, fields) if texts.knows(f"{kind}.speech", lang) else ""
    return Message(
        id=str(first.id),
        key=first.key,
        address=first.address,
        lang=lang,
        kind=kind,
        parameters=texts.parameters(kind, lang, fields) if kind in PARAMETERS else {},
        title=texts.say(f"{kind}.title", lang, fields),
        speech=speech,
        text=texts.say(f"{kind}.text", lang, fields) if texts.knows(f"{kind}.text", lang) else long,
        long=long,
        link=link,
        incident=first.incident,
        what=first.fields.get("what", ""),
        place=first.fields.get("place", ""),
        target=first.fields.get("who", "") or first.target,
        urgent=first.urgent,
        drill=first.drill,
        silent=first.silent,
        count=count,
        not_after=first.not_after,
    )
