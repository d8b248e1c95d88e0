"""The addresses of this box, and which of them the village's devices can probably see."""

import fcntl
import ipaddress
import socket
import struct

_SIOCGIFADDR = 0x8915
_NOT_THE_VILLAGE = ("lo", "wwan", "ppp", "tun", "tap", "wg", "docker", "veth", "br-", "usb")


def own() -> list[tuple[str, str]]:
    """(interface, IPv4 address) of each that has one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue
            found.append((name, socket.inet_ntoa(answer[20:24])))
    return found


def guess(addresses: list[tuple[str, str]], told: str) -> str:
    """`told`: where the county's devices look for the broker, "" nowhere. "": there is no guess. Pure."""
    if told in [address for _, address in addresses]:
        return told
    for name, address in sorted(addresses):
        if not name.startswith(_NOT_THE_VILLAGE) and ipaddress.ip_address(address).is_private:
            return address
    return told


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
