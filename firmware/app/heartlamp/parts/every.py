"""Parts that every device has, or all but a few: imported with the program, not each by its name."""

from heartlamp.parts.keys import Part as Keys
from heartlamp.parts.light import Part as Light
from heartlamp.parts.recessed import Part as Recessed
from heartlamp.parts.slot import Part as Slot
from heartlamp.parts.tamper import Part as Tamper
from heartlamp.parts.update import Part as Update
from heartlamp.parts.vitals import Part as Vitals

CLASSES = {
    "keys": Keys,
    "light": Light,
    "recessed": Recessed,
    "slot": Slot,
    "tamper": Tamper,
    "update": Update,
    "vitals": Vitals,
}
