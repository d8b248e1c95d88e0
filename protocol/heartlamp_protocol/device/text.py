"""JSON text written by hand: MicroPython's json.dumps reorders, and the MAC is over bytes."""


def quote(text: str) -> str:
    """`text` as a JSON string: only what must be escaped is, everything else stays UTF-8."""
    out = []
    for c in text:
        if c == '"' or c == "\\":
            out.append("\\" + c)
        elif ord(c) < 32:
            out.append("\\u%04x" % ord(c))
        else:
            out.append(c)
    return '"' + "".join(out) + '"'
