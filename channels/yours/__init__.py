"""A client's own page (where the programs lie, the letter to take along), at an address that cannot be guessed."""

from channels.yours.routes import router

__all__ = ["router"]
