"""The command line: `guidepost --help`. JSON on stdout with --json; errors on stderr, exit code 2 for bad input."""

from casework.commands.main import main

__all__ = ["main"]
