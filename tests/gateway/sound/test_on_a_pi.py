"""The siren on a Raspberry Pi's real pin driver, with the Pi played by QEMU; a minute each."""

from pathlib import Path

import pytest

from tests.gateway.sound.pi import PI, said_on_a_pi

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not (PI / "ready").exists(), reason="there is no Pi here: sh bootstrap/pi.sh makes one"),
]


@pytest.mark.parametrize(
    ("persist", "let_go", "after_kill"),
    [
        # Debian's kernel: a pin that nobody holds is an input; its level is then QEMU's, not a board's
        ("N", "gpio_in", "gpio_in"),
        # as Raspberry Pi OS has it: it stays what it was, so a siren goes on wailing
        ("Y", "gpio_out", "gpio_out hi"),
    ],
)
def test_the_siren_is_off_after_every_end(persist: str, let_go: str, after_kill: str, tmp_path: Path) -> None:
    said = said_on_a_pi(tmp_path, f"pinctrl_bcm2835.persist_gpio_outputs={persist}")
    for way, off in (("by_number", "lo"), ("by_name", "lo"), ("active_low", "hi")):
        found = said[way]
        assert (found["health"], found["end"]) == ("", "done")
        assert found["seen"] == ["gpio_out hi", "gpio_out lo"]
        assert found["after"] == f"{let_go} {off}"
    assert said["held"] == "gpio_out hi"
    assert "busy" in said["health_while_held"]
    assert said["after_kill"].startswith(after_kill)
    assert (said["siren_off"], said["after_siren_off"]) == (0, f"{let_go} lo")
