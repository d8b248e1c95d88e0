"""What of this box is heard: [siren], [sound] and [[speaker]] as settings, and the outputs that they make."""

from collections.abc import Callable
from dataclasses import dataclass

from heartlamp_gateway.outputs.siren import Siren, SirenSettings, read_siren
from heartlamp_gateway.outputs.speaker.settings import SOUND, SoundSettings, read_sound, read_speakers
from heartlamp_gateway.outputs.speaker.speakers import Speaker, Speakers
from heartlamp_gateway.outputs.speaker.voice import Voice
from heartlamp_gateway.settings_file import SettingsFile


@dataclass(frozen=True, slots=True)
class Loud:
    """`siren` None: there is none; `speakers` (): there are none."""

    siren: SirenSettings | None
    speakers: tuple[Speaker, ...]
    sound: SoundSettings


def read_loud(file: SettingsFile) -> Loud:
    """What is written wrongly is left out. A siren whose table has a word too many is, too: were it `active_lo`, passed
    over, the relay of some boards would be closed whenever nobody calls."""
    sound = file.part("sound", SOUND, read_sound)
    return Loud(
        file.part("siren", None, read_siren), read_speakers(file), read_sound({}, file.here) if sound is None else sound
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
