"""What settings may be. Loaded only when they change, or were written by another version of the firmware."""

from binascii import a2b_base64

from heartlamp_protocol.device.kinds import KINDS
from heartlamp_protocol.device.names import is_device_id, is_hex

LINKS = ("lan", "relay", "wan")
CARRIED_MOST = 24  # devices that one lamp carries; each is one radio peer and one key in RAM
KEY_HEX = 768  # an RSA modulus of 3,072 bits


class WrongField(ValueError):
    """`field`: which one. The text says what belongs there, and never what was there: it may be a secret."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__("configuration field %s is missing or wrong: it must be %s" % (field, what))
        self.field = field


def check(fields: object) -> None:
    """Raises WrongField for the first field that is wrong."""
    _check(fields, NEEDED)
    _check(fields, OPTIONAL)


def usable(fields: object) -> "tuple[dict, list[str]]":
    """(fields, names of what was left out): a wrong field that a device can do without, because another version of the
    firmware took it, must not silence it. Raises WrongField where one of the needed is wrong."""
    _check(fields, NEEDED)
    kept, left = dict(fields), []
    for name, good, _ in OPTIONAL:
        if name in kept and not good(kept):
            del kept[name]
            left.append(name)
    return kept, left


def known(fields: dict) -> "tuple[dict, list[str]]":
    """(the fields this firmware knows, names of the others)."""
    names = [rule[0] for rule in NEEDED + OPTIONAL]
    return {k: v for k, v in fields.items() if k in names}, sorted([str(k) for k in fields if k not in names])


def public(fields: dict) -> dict:
    """The settings without a secret: each is "(set)"."""
    shown = dict(fields)
    shown["root"] = "(set)"
    for name, secret in (("wifi", "password"), ("modem", "password"), ("wan", "token")):
        if name in shown:
            shown[name] = dict(shown[name])
            shown[name][secret] = "(set)"
    if "radio" in shown:
        shown["radio"] = dict(shown["radio"])
        shown["radio"]["down"] = dict.fromkeys(shown["radio"].get("down", {}), "(set)")
    return shown


def _check(fields: object, rules: tuple) -> None:
    if not isinstance(fields, dict):
        raise ValueError("the configuration must be a JSON object")
    for name, good, what in rules:
        if (rules is NEEDED or name in fields) and not good(fields):
            raise WrongField(name, what)


def _whole(value: object, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _text(value: object, most: int = 255) -> bool:
    """Without control characters: no address, place or command has any."""
    return isinstance(value, str) and 0 < len(value) <= most and min(value) >= " "


def _plain(value: object, most: int) -> bool:
    """a-z, 0-9 and hyphens: also good as the name of a folder."""
    return _text(value, most) and all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in value)


def _certificate(value: object) -> bool:
    """Whole: one cut short would only be noticed as a gateway that is refused."""
    if not isinstance(value, str) or not 0 < len(value) <= 4096:
        return False
    pieces = value.split("-----BEGIN CERTIFICATE-----")[1:]
    return bool(pieces) and all(_is_der(piece.split("-----END CERTIFICATE-----")) for piece in pieces)


def _modulus(value: object) -> bool:
    return is_hex(value, KEY_HEX) and value[0] > "7"  # of 3,072 bits the first is set


def _is_der(piece: "list[str]") -> bool:
    """[base64 of it, what follows]: an ASN.1 sequence of as many bytes as its head says."""
    try:
        data = a2b_base64("".join(piece[0].split()))
    except ValueError:
        return False
    return len(piece) == 2 and data[:2] == b"\x30\x82" and int.from_bytes(data[2:4], "big") + 4 == len(data)


def _links(fields: dict) -> bool:
    links = fields["links"]
    if not isinstance(links, (list, tuple)) or not links or [name for name in links if name not in LINKS]:
        return False
    if len(set(links)) < len(links) or ("wan" in links and "wan" not in fields):
        return False
    return "relay" not in links or bool(isinstance(fields.get("radio"), dict) and fields["radio"].get("up"))


def _radio(fields: dict) -> bool:
    radio = fields["radio"]
    if not isinstance(radio, dict) or not _whole(radio.get("channel", 1), 13):
        return False
    up, down = radio.get("up", []), radio.get("down", {})
    if not isinstance(up, (list, tuple)) or not isinstance(down, dict) or max(len(up), len(down)) > CARRIED_MOST:
        return False
    keys = [said.get("key") if isinstance(said, dict) else said for said in down.values()]
    return all(is_device_id(dev) for dev in list(up) + list(down)) and all(is_hex(key, 64) for key in keys)


def _wan(fields: dict) -> bool:
    wan = fields["wan"]
    if not isinstance(wan, dict) or not _text(wan.get("host")) or not _whole(wan.get("port"), 65535):
        return False
    return _text(wan.get("server_name")) and _plain(wan.get("gateway"), 40) and is_hex(wan.get("token"), 64)


def _wifi(fields: dict) -> bool:
    wifi = fields["wifi"]
    if not isinstance(wifi, dict) or not _text(wifi.get("ssid")) or len(wifi["ssid"].encode()) > 32:
        return False
    password = wifi.get("password")
    return isinstance(password, str) and (password == "" or 8 <= len(password) <= 63)


def _modem(fields: dict) -> bool:
    modem = fields["modem"]
    if not isinstance(modem, dict) or not _text(modem.get("apn"), 63):
        return False
    words = [modem["apn"]] + [modem.get(name, "") for name in ("user", "password")]
    return all(word == "" or (_text(word, 63) and '"' not in word) for word in words)


def _sensors(fields: dict) -> bool:
    from heartlamp.rules import thresholds, wired  # only a device that has any loads what they may be
    from heartlamp.rules.given import Given

    given = Given(fields["sensors"])
    for read in (
        wired.wirings,
        wired.pairs,
        wired.age_days,
        thresholds.of_heat,
        thresholds.of_rain,
        thresholds.of_tilt,
    ):
        read(given)
    return isinstance(fields["sensors"], dict) and given.wrong == 0


# (field, whether it is good, what it must be)
NEEDED = (
    ("dev", lambda f: is_device_id(f.get("dev")), "4 to 20 of a-z 0-9, first a letter"),
    ("kind", lambda f: isinstance(f.get("kind"), str) and f["kind"] in KINDS, "one of " + ", ".join(KINDS)),
    ("kv", lambda f: _whole(f.get("kv"), 1_000_000), "a whole number from 1"),
    ("root", lambda f: is_hex(f.get("root"), 64), "64 hex characters"),
    ("host", lambda f: _text(f.get("host")), "the broker's address"),
    ("port", lambda f: _whole(f.get("port"), 65535), "1 to 65535"),
    ("server_name", lambda f: _text(f.get("server_name")), "the name in the gateway's certificate"),
    ("ca", lambda f: _certificate(f.get("ca")), "the county CA as PEM"),
)
OPTIONAL = (
    ("radio", _radio, "channel (1 to 13), up (a list of device ids), down (device id: its pair key, 64 hex)"),
    ("wan", _wan, "host, port, server_name, gateway and token (64 hex characters)"),
    ("wifi", _wifi, "ssid (1 to 32 bytes) and password (8 to 63 characters, or empty)"),
    ("modem", _modem, "apn, and user and password where the contract has them; without quotation marks"),
    ("links", _links, "lan, relay, wan in the order they are tried; relay needs radio.up, wan needs wan"),
    ("sensors", _sensors, "what hangs on the device, with limits that can be"),
    ("board", lambda f: _plain(f["board"], 32), "the name of a board: a-z 0-9 and hyphens"),
    ("site", lambda f: _text(f["site"], 60), "the site's id, up to 60 characters"),
    ("lang", lambda f: _plain(f["lang"], 16), "the folder of the prompts: a-z 0-9 and hyphens"),
    ("consent", lambda f: type(f["consent"]) is int and f["consent"] in (0, 1), "0 or 1"),
    ("settings_ver", lambda f: type(f["settings_ver"]) is int, "a whole number"),
    ("update_key", lambda f: _modulus(f["update_key"]), "an RSA-3072 modulus as 768 hex characters"),
)
