"""What the screening refuses.

GuidepostError
`- ScreeningError
   |- BadFacts        the facts object, or one fact in it, cannot be read
   |- UnknownPolicy   no policy has this id
   `- BadPolicy       a file of criteria does not hold together
"""

from collections.abc import Iterable
from pathlib import Path

from casework.errors import GuidepostError


class ScreeningError(GuidepostError):
    """Anything the screening refuses; at the command line this is bad input."""


class BadFacts(ScreeningError):
    """One fact cannot be read. The reason never repeats the value: it may be health data on its way to a log."""

    def __init__(self, fact: str, reason: str) -> None:
        super().__init__(f"{fact}: {reason}")
        self.fact = fact
        self.reason = reason


class UnknownPolicy(ScreeningError):
    """No policy has this id."""

    def __init__(self, policy: str, known: Iterable[str]) -> None:
        super().__init__(f"policy: there is no policy {policy!r}; there are {', '.join(sorted(known))}")
        self.policy = policy


class BadPolicy(ScreeningError):
    """A criteria file is wrong; says which file, where in it and why."""

    def __init__(self, path: Path, where: str, reason: str) -> None:
        super().__init__(f"{path.name}: {where}: {reason}" if where else f"{path.name}: {reason}")
        self.path = path
        self.where = where
        self.reason = reason
