"""The summary for systems of other agencies."""

from casework.handoff.exporting.fhir import bundle

__all__ = ["bundle"]
