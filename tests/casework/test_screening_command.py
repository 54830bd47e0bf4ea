"""`guidepost screen` as it is typed, on a machine where no key is set: it needs none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_KEYS = ("GUIDEPOST_DEMO", "ENCRYPTION_KEYS", "SESSION_SECRET", "DATABASE_URL")


def screen(facts: str | bytes, *options: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _KEYS}
    given = facts.encode() if isinstance(facts, str) else facts
    return subprocess.run(
        [str(Path(sys.executable).with_name("guidepost")), "screen", "--facts", "-", *options],
        input=given,
        capture_output=True,
        env=environment | {"GUIDEPOST_DATA": str(folder)},
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("facts", "options", "named"),
    [("{}", ("--policy", "pasrr"), "policy"), ('{"age": 2.5}', (), "age"), (b"\xff\xfe", (), "facts")],
)  # fmt: skip
def test_bad_input_prints_nothing_but_its_name_and_the_reason(
    tmp_path: Path, facts: str | bytes, options: tuple[str, ...], named: str
) -> None:
    done = screen(facts, *options, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"{named}: " in done.stderr.decode()


def test_an_agencys_own_copy_is_named_like_any_other(tmp_path: Path) -> None:
    made = subprocess.run(
        [str(Path(sys.executable).with_name("guidepost")), "policy", "copy", "mn", "river-agency",
         "--state", "MN", "--county", "Hennepin County", "--county", "Ramsey"],
        capture_output=True, env=os.environ | {"GUIDEPOST_DATA": str(tmp_path)}, check=False, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    facts = '{"county": "ramsey", "zip": "55101", "inpatient_stays_24_months": 2}'
    told = json.loads(screen(facts, "--policy", "river-agency", folder=tmp_path).stdout)
    assert (told["policy"], told["outcome"]) == ("river-agency", "likely")
