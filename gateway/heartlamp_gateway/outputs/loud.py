"""What of this box is heard: [siren], [sound] and [[speaker]] as settings, and the outputs that they make."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartlamp_gateway.config import ConfigError
from heartlamp_gateway.outputs.siren import Siren, SirenSettings, read_siren
from heartlamp_gateway.outputs.speaker.settings import SoundSettings, read_sound, read_speakers
from heartlamp_gateway.outputs.speaker.speakers import Speaker, Speakers
from heartlamp_gateway.outputs.speaker.voice import Voice


@dataclass(frozen=True, slots=True)
class Loud:
    """`siren` None: there is none; `speakers` (): there are none."""

    siren: SirenSettings | None
    speakers: tuple[Speaker, ...]
    sound: SoundSettings


def read_loud(fields: dict[str, Any], here: Path) -> Loud:
    """`fields`: all of gateway.toml. Raises ConfigError."""
    for name in ("siren", "sound"):
        if not isinstance(fields.get(name, {}), dict):
            raise ConfigError(f"[{name}] must be a table")
    return Loud(
        read_siren(fields["siren"], here) if "siren" in fields else None,
        read_speakers(fields.get("speaker", []), here),
        read_sound(fields.get("sound", {}), here),
    )


def loud_outputs(loud: Loud, minute: Callable[[], int | None]) -> tuple[Siren | Speakers, ...]:
    """`minute`: of the village's day now, None where nobody knows. Before the first order `off()` each that has it;
    before the process ends `stop()` each."""
    made: list[Siren | Speakers] = []
    night = loud.sound.night
    if loud.siren is not None:
        made.append(Siren(loud.siren, night, minute, loud.siren.line))
    if loud.speakers:
        voice = Voice(loud.sound.prompts, loud.sound.repeats, loud.sound.most_s)
        made.append(Speakers(loud.speakers, voice, night, minute, loud.sound.deadline_s))
    return tuple(made)
