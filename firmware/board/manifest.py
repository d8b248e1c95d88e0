# ruff: noqa: F821
# What is frozen into the firmware image of a board; see firmware/docs/boot-and-update.md. Not built here: it
# needs ESP-IDF.
#
#   make -C ports/esp32 BOARD=ESP32_GENERIC_S3 FROZEN_MANIFEST=<this file>
#
# Not the port's own manifest, because its _boot.py is there. The frozen heartlamp and heartlamp_protocol are the copy
# `rom`, which no update touches. Paths are from this file's folder.
freeze("$(PORT_DIR)/modules", ("espnow.py",))
include("$(MPY_DIR)/extmod/asyncio")
require("neopixel")
require("onewire")
require("ds18x20")
module("_boot.py")
module("main.py")
module("boot.py", base_path="../app")
module("board_main.py", base_path="../app")
package("heartlamp", base_path="../app")
package("heartlamp", base_path="../../build/firmware/boards")  # made by `make firmware`
package("heartlamp_protocol", base_path="../../protocol")
