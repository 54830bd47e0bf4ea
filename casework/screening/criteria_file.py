"""Reads tables of a criteria file piece by piece and says clearly what does not fit, and where."""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from string import Formatter

from casework.screening.errors import BadPolicy
from casework.screening.reasons import LANGUAGES


class Table:
    """One table of a file. Every key is taken once; `done` refuses what nobody took (a misspelt key)."""

    def __init__(self, path: Path, where: str, content: Mapping[str, object]) -> None:
        self.path = path
        self.where = where
        self._left = dict(content)

    @classmethod
    def open(cls, path: Path) -> "Table":
        try:
            return cls(path, "", tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise BadPolicy(path, "", f"cannot be read ({error})") from error
        except tomllib.TOMLDecodeError as error:
            raise BadPolicy(path, "", f"is not TOML ({error})") from error

    def wrong(self, key: str, reason: str) -> BadPolicy:
        return BadPolicy(self.path, ".".join(part for part in (self.where, key) if part), reason)

    def has(self, key: str) -> bool:
        return key in self._left

    def __iter__(self) -> Iterator[str]:
        """The keys nobody has taken yet."""
        return iter(tuple(self._left))

    def _take(self, key: str) -> object:
        if key not in self._left:
            raise self.wrong(key, "is missing")
        return self._left.pop(key)

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "must be a text that is not empty")
        return value

    def date(self, key: str) -> date:
        value = self._take(key)
        if type(value) is not date:
            raise self.wrong(key, "must be a date")
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key) if self.has(key) else False
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def number(self, key: str) -> float:
        value = self._take(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < math.inf:
            raise self.wrong(key, "must be a number, 0 or more")
        return value

    def whole(self, key: str) -> int:
        value = self.number(key)
        if not isinstance(value, int):
            raise self.wrong(key, "must be a whole number")
        return value

    def list(self, key: str) -> list[object]:
        value = self._take(key)
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        value = self.list(key)
        names = tuple(item for item in value if isinstance(item, str) and item)
        if len(names) != len(value) or len(set(names)) != len(names):
            raise self.wrong(key, "must be a list of different texts")
        return names

    def names_of(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        names = self.names(key)
        for name in names:
            if name not in allowed:
                raise self.wrong(key, f"{name!r} is not one of {', '.join(allowed)}")
        return names

    def name_of(self, key: str, allowed: Sequence[str]) -> str:
        name = self.text(key)
        if name not in allowed:
            raise self.wrong(key, f"{name!r} is not one of {', '.join(allowed)}")
        return name

    def table(self, key: str) -> "Table":
        value = self._take(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table")
        return Table(self.path, ".".join(part for part in (self.where, key) if part), value)

    def tables(self, key: str) -> Iterator["Table"]:
        for place, item in enumerate(self.list(key), start=1):
            if not isinstance(item, dict):
                raise self.wrong(key, "must be a list of tables")
            yield Table(self.path, f"{self.where}.{key}[{place}]".lstrip("."), item)

    def words(self, key: str, placeholders: Sequence[str] = ()) -> dict[str, str]:
        """A text in every language, with no other placeholders than these."""
        table = self.table(key)
        words: dict[str, str] = {language: table.template(language, placeholders) for language in LANGUAGES}
        table.done()
        return words

    def template(self, key: str, placeholders: Sequence[str]) -> str:
        text = self.text(key)
        try:
            used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        except ValueError as error:
            raise self.wrong(key, f"has a stray brace ({error})") from error
        if not used <= set(placeholders):
            wanted = ", ".join(f"{{{name}}}" for name in placeholders) or "none"
            raise self.wrong(key, f"has a placeholder that is not known here; there is: {wanted}")
        return text

    def done(self) -> None:
        for key in self:
            raise self.wrong(key, "is not known here")
