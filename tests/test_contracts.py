"""Promises of the whole repository, each read off the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from actions.registry import ACTIONS
from casework.paths import ROOT

ROOMS = ("actions", "casework", "channels", "bot")
MAY_IMPORT = {"actions": {"casework"}, "casework": set(), "channels": {"casework"}, "bot": set()}


def modules(room: str) -> Iterator[Path]:
    return (path for path in (ROOT / room).rglob("*.py") if ".venv" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_what_they_stand_on(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room}
    seen = 0
    for path in modules(room):
        for name in imports(path):
            top = name.split(".")[0]
            seen += 1
            assert top not in ROOMS or top in allowed, f"{path.relative_to(ROOT)} imports {name}"
            assert top != "rasa" or room == "bot", f"{path.relative_to(ROOT)} imports {name}"
    assert seen > 10, "the test looked at nothing"


def domain() -> dict[str, object]:
    loaded: dict[str, object] = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    return loaded


def test_every_custom_action_of_the_domain_is_registered_and_none_besides() -> None:
    named = {str(name) for name in domain()["actions"] if re.match(r"(action|validate)_", str(name))}  # type: ignore[attr-defined]
    assert named == {action.named for action in ACTIONS}


def test_every_response_that_code_names_is_in_the_domain() -> None:
    known = set(domain()["responses"])  # type: ignore[call-overload]
    asked = set()
    for room in ("actions", "casework", "channels"):
        for path in modules(room):
            asked |= set(re.findall(r'"(utter_[a-z_0-9]+)"', path.read_text(encoding="utf-8")))
    assert len(asked) > 40
    assert asked - known == set()


def test_no_client_wording_stands_in_the_actions() -> None:
    """A sentence to a client belongs in domain.yml; actions hold names of responses."""
    for path in modules("actions"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = [
            node.args[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("tell", "say")
            if node.args
        ]
        for argument in told:
            if isinstance(argument, ast.Constant):
                assert str(argument.value).startswith("utter_"), f"{path.name}:{argument.lineno}"
