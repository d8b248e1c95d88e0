"""What people read and hear, in catalogues: `locale/<language>/LC_MESSAGES/notification.po`. Another language is
another folder. A catalogue is compiled when it is first used: there is nothing that could be forgotten at a build."""

import gettext
import io
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "notification"
DEFAULT = "zh"

KINDS = (
    "alarm", "drill", "silent", "silent_drill", "many", "drills", "offline", "overdue", "brief", "test", "broadcast",
)  # fmt: skip
"""alarm: somebody calls · drill: the same, and it says first that it is one · silent, silent_drill: for police and
persons chosen beforehand · many, drills: several alarms, or drills, of one village in one text · offline: a household's
device says nothing, to its family · overdue: a matter was not seen to in time, to its supervisor · brief: the daily
brief, to who has the post · test: proves a channel and a number · broadcast: what a loudspeaker was told to say."""
PARAMETERS = {
    "alarm": ("village", "place", "what"),
    "drill": ("village", "place", "what"),
    "silent": ("village", "place"),
    "silent_drill": ("village", "place"),
    "many": ("village", "count"),
    "drills": ("village", "count"),
    "offline": ("village", "place", "device"),
    "overdue": ("village", "what"),
    "test": ("label",),
}
"""What a provider's template of this kind is given, in this order: docs/notification.md has the templates."""
FORMS = ("title", "speech", "text", "long")
"""title: of a mail or a chat · speech: a machine's voice in a call · text: 70 characters of a message · long: where
there is room; it may end with the link by which one answers."""
MORE = ("go", "cannot", "thanks", "over", "unknown", "link", "ask")


class Texts:
    """`locale`: folder of languages."""

    def __init__(self, locale: Path = LOCALE) -> None:
        self._locale = locale
        self._read: dict[str, gettext.NullTranslations] = {}

    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(p.parent.parent.name for p in self._locale.glob(f"*/LC_MESSAGES/{DOMAIN}.po")))

    def say(self, id: str, lang: str, fields: Mapping[str, str]) -> str:
        """`id`: "alarm.text" and such; `lang`: of a person, such as "zh-wenzhou"; where there is no such language, the
        next best. What `fields` lacks is left empty."""
        chosen = self._catalogue(lang)
        words = _Empty({**fields, "what": chosen.gettext(f"what.{fields['what']}") if fields.get("what") else ""})
        if not words["what"].strip() or words["what"].startswith("what."):
            words["what"] = fields.get("what", "")
        count = int(fields.get("count", "1"))
        pattern = chosen.ngettext(id, f"{id}.plural", count)
        if pattern in (id, f"{id}.plural"):
            pattern = chosen.gettext(id)
        return " ".join(pattern.format_map(words).split())

    def knows(self, id: str, lang: str) -> bool:
        return self._catalogue(lang).gettext(id) != id

    def parameters(self, kind: str, lang: str, fields: Mapping[str, str]) -> dict[str, str]:
        """For a provider's template, in its order; `what` in words."""
        told = {**fields, "what": self.say("what", lang, fields)} if fields.get("what") else dict(fields)
        return {name: told.get(name, "") or "-" for name in PARAMETERS[kind]}

    def _catalogue(self, lang: str) -> gettext.NullTranslations:
        if lang not in self._read:
            here = self.languages()
            best = [one for one in dict.fromkeys((lang, lang.split("-")[0], DEFAULT)) if one in here]
            found = [_compiled(self._locale / one / "LC_MESSAGES" / f"{DOMAIN}.po") for one in best]
            for one, other in pairwise(found):
                one.add_fallback(other)  # what a catalogue lacks, its language says, and then the default
            self._read[lang] = found[0]
        return self._read[lang]


class _Empty(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _compiled(file: Path) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo  # not before somebody is told something
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=None))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
