"""The hardware folder is no installed package; these tests find it where it lies."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
