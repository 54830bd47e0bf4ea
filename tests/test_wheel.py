"""What an installed wheel carries: everything the code reads, read off pyproject.toml itself."""

from __future__ import annotations

import tomllib

from casework.paths import ROOT

FOLDER = "share/guidepost"


def test_every_file_that_the_code_reads_beside_its_packages_is_in_the_wheel() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    shipped = {
        f"{place.removeprefix(FOLDER).lstrip('/')}/{path.name}".lstrip("/"): path
        for place, patterns in tools["data-files"].items()
        for pattern in patterns
        for path in ROOT.glob(pattern)
    }
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "data").rglob("*") if path.is_file() and path.suffix}
    assert len(wanted) > 30
    assert wanted - set(shipped) == set()
    assert {"domain.yml", "config.yml", "bot/serve.py"} <= set(shipped)
    for name, path in shipped.items():
        assert str(path.relative_to(ROOT)) == name, "a file must lie in the wheel as it lies in the tree"


def test_every_template_and_style_sheet_has_a_kind_that_is_shipped() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    for room in ("casework", "channels"):
        kinds = {pattern.rsplit(".", 1)[1] for pattern in tools["package-data"][room]}
        left = {
            path.suffix[1:]
            for path in (ROOT / room).rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc", ".txt") and "__pycache__" not in path.parts
        }
        assert left - kinds == set(), room
