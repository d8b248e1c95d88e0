"""Parts that every device has, in safe mode too: imported with the program, not each by its name."""

from heartlamp.parts.recessed import Part as Recessed
from heartlamp.parts.slot import Part as Slot
from heartlamp.parts.vitals import Part as Vitals

CLASSES = {"recessed": Recessed, "slot": Slot, "vitals": Vitals}
