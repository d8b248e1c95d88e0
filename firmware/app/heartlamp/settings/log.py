"""The last things that happened, for a technician: in RAM, short, without a secret because traces hold none."""

MOST = 32
LENGTH = 100  # characters of one


class Log:
    def __init__(self) -> None:
        self.lines: "list[str]" = []

    def add(self, now: int, what: str, fields: "dict[str, object]") -> None:
        more = " ".join(["%s=%s" % (name, fields[name]) for name in sorted(fields) if name != "t"])
        self.lines.append(("%d %s %s" % (now, what, more))[:LENGTH])
        if len(self.lines) > MOST:
            self.lines.pop(0)
