"""Errors named for the business; the edges (HTTP, command line, text line) translate them.

GuidepostError
|-- SettingsMissing      a setting the service cannot start without
|-- BadFacts             screening facts that cannot be read (casework.screening)
|-- UnknownPlace         a ZIP or place that is not on the map (casework.geography)
|-- OpeningTaken         somebody else was quicker (casework.scheduling)
|-- NotFound             no such record, or not for this person
`-- AssistantUnavailable the dialogue model did not answer (casework.conversations)
"""


class GuidepostError(Exception):
    """The root of every error that this software raises on purpose."""


class SettingsMissing(GuidepostError):
    """A setting is missing or still a default where that is not safe. The text says which and how to set it."""


class NotFound(GuidepostError):
    """There is no such record, or it is not this person's to see."""


class AssistantUnavailable(GuidepostError):
    """The dialogue model did not answer a turn; the turn may be tried again."""
