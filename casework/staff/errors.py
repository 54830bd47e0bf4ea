"""What can stand in the way of a member of staff.

GuidepostError
|-- BadAccount        an account that cannot be made as asked
|-- LastAdmin         nobody would be left who can administrate
|-- TooManyTries      too many wrong passwords for this e-mail or from this address
|-- AlreadyClaimed    a colleague has this client; `name` says who
|-- NotYours          only the one who has this client, or a supervisor, may do that
`-- CannotDo          it makes no sense now (`code` says why, for the label)
"""

from __future__ import annotations

from casework.errors import GuidepostError


class BadAccount(GuidepostError):
    """The e-mail, role or password of a new account is not usable; the text says which and why."""


class LastAdmin(GuidepostError):
    """The last administrator can neither be disabled nor be given another role."""


class TooManyTries(GuidepostError):
    """Sign-in is closed for a while, for this e-mail or this address."""


class AlreadyClaimed(GuidepostError):
    """A colleague was quicker."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has this client")
        self.name = name


class NotYours(GuidepostError):
    """Only the one who has this client, or a supervisor, may do that."""


class CannotDo(GuidepostError):
    """The record is not in a state where this can be done. `code` is a key of the console's labels."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
