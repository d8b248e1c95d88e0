"""Runs a virtual board as virtual.py does; when its power goes, says which modules it had loaded."""

import json
import sys

try:
    __import__("virtual")
except SystemExit:
    pass
print(json.dumps({"trace": "loaded", "names": sorted(sys.modules)}))
