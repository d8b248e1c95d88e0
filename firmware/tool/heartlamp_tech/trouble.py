"""What a technician is told when something does not go."""

DONE, FAILED, USAGE, NOTHING = 0, 1, 2, 3
"""Exit codes: all done; something failed, and it was said; the command was wrong; there was nothing to do."""


class Trouble(Exception):
    """`error`: what happened; `do`: what to do next."""

    def __init__(self, error: str, do: str) -> None:
        super().__init__(f"{error}; {do}")
        self.error = error
        self.do = do
