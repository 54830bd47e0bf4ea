"""Policies are data: their words, an agency's own copies, and what is said when a file does not hold together."""

import ast
import re
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest

import casework.screening
from casework.screening import CRITERIA, BadPolicy, load_policy, next_questions, policy_ids, read_policy, screen

ROOM = Path(casework.screening.__file__).parent


def own_copy(folder: Path, policy: str, *changes: tuple[str, str]) -> Path:
    text = (CRITERIA / f"{policy}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / f"{policy}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def words_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in words_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in words_of(each)]
    return [value] if isinstance(value, str) else []


def test_every_policy_is_read_and_dated() -> None:
    for policy_id in policy_ids():
        policy = load_policy(policy_id)
        assert policy.checked == date(2026, 11, 22)
        assert policy.version == "2026-11-22"
        assert all(criterion.source for criterion in policy.criteria)
        assert policy.title["en"] != policy.title["es"]


@pytest.mark.parametrize("path", sorted(CRITERIA.rglob("*.toml")), ids=lambda path: path.name)
def test_the_words_blame_nobody_and_turn_nobody_away(path: Path) -> None:
    text = " ".join(words_of(tomllib.loads(path.read_text(encoding="utf-8")))).casefold()
    for word in (
        "invalid",
        "denied",
        "reject",
        "refuse",
        "fail",
        "noncompliant",
        "inválid",
        "denegad",
        "rechaz",
        "fall",
    ):
        assert word not in text, word


def test_the_words_are_short() -> None:
    """Grade 6, roughly: no sentence told to a client runs past 25 words."""
    for path in CRITERIA.rglob("*.toml"):
        for text in words_of(tomllib.loads(path.read_text(encoding="utf-8"))):
            for sentence in re.split(r"[.:;] ", text):
                assert len(sentence.split()) <= 25, sentence


def test_no_number_of_a_policy_stands_in_the_engine() -> None:
    """The thresholds and ages live in the criteria files; formulas and steps compare with what those say."""
    for name in ("formulas.py", "formula_reader.py", "next_steps.py", "outcome.py", "policies.py", "reasons.py"):
        numbers = {
            node.value
            for node in ast.walk(ast.parse((ROOM / name).read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and type(node.value) in (int, float)
        }
        assert numbers <= {0, 1, 2, 3, 5}, (name, numbers)  # places in a list, members of a group, digits of a ZIP


def test_an_agency_serves_some_zips(tmp_path: Path) -> None:
    policy = read_policy(own_copy(tmp_path, "mn", ("zips = []", 'zips = ["55401", "54016"]')))
    for facts, status in (
        ({"zip": "55401-0001"}, "met"),
        ({"zip": "54016"}, "met"),
        ({"zip": "55402"}, "not_met"),
        ({"state": "MN"}, "unknown"),
        ({"county": "Hennepin"}, "unknown"),
    ):
        result = screen(facts, policy)
        assert result.criteria[1].id == "residency"
        assert result.criteria[1].status == status
        assert "area" in result.criteria[1].because
    assert "zip" in next_questions({}, policy)
    assert not {"state", "county"} & set(next_questions({}, policy))


def test_an_agency_serves_some_counties(tmp_path: Path) -> None:
    policy = read_policy(
        own_copy(tmp_path, "default", ("counties = []", 'counties = ["Hennepin", "Blue Earth County"]'))
    )
    for county, status in (
        ("Hennepin County", "met"),
        (" blue  earth ", "met"),
        ("Ramsey", "not_met"),
        (" ", "unknown"),
        (None, "unknown"),
    ):
        assert screen({"county": county, "zip": "55401"}, policy).criteria[2].status == status
    assert "county" in next_questions({}, policy)
    assert "county" not in next_questions({"county": "Hennepin"}, policy)


def test_an_agency_serves_counties_and_some_zips_beside(tmp_path: Path) -> None:
    changes = ("counties = []", 'counties = ["Hennepin"]'), ("zips = []", 'zips = ["54016"]')
    policy = read_policy(own_copy(tmp_path, "mn", *changes))
    assert screen({"zip": "54016"}, policy).criteria[1].status == "met"
    assert screen({"county": "Hennepin"}, policy).criteria[1].status == "met"
    assert screen({"zip": "55999"}, policy).criteria[1].status == "unknown"
    assert screen({"zip": "55999", "county": "Ramsey"}, policy).criteria[1].status == "not_met"


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    own_copy(tmp_path, "mn", ("at_least = 2", "at_least = 3"))
    assert policy_ids(tmp_path) == ("mn",)
    policy = load_policy("mn", tmp_path)
    assert screen({"inpatient_stays_24_months": 2}, policy).criteria[0].status == "unknown"
    assert screen({"inpatient_stays_24_months": 3}, policy).criteria[0].status == "met"


def test_a_folder_may_bring_its_own_phrases(tmp_path: Path) -> None:
    shutil.copytree(CRITERIA, tmp_path / "own")
    phrases = tmp_path / "own" / "shared" / "phrases.toml"
    text = phrases.read_text(encoding="utf-8")
    phrases.write_text(text.replace('"a person decides"', '"our staff decide"'), encoding="utf-8")
    assert screen({}, load_policy("default", tmp_path / "own")).note == "our staff decide"
    assert screen({}).note == "a person decides"


@pytest.mark.parametrize(
    ("policy", "old", "new", "says"),
    [
        ("mn", 'id = "mn"', 'id = "wi"', "id"),
        ("mn", 'id = "mn"', "id = ", "TOML"),
        ("mn", "checked = 2026-11-22", 'checked = "2026-11-22"', "checked"),
        ("mn", "checked = 2026-11-22", "checkd = 2026-11-22", "checked"),
        ("mn", "checked = 2026-11-22", "checked = 2026-11-22\ncolour = 3", "colour"),
        ("mn", 'yes_no = "professional_opinion"', 'yes_no = "opinion"', "tests.opinion.yes_no"),
        ("mn", '"diagnosis", "areas", "opinion"', '"diagnosis", "areas", "view"', "tests.illness.all"),
        ("mn", '"diagnosis", "areas", "opinion"', '"diagnosis", "areas", "need", "opinion"', "rests on itself"),
        ("mn", '"diagnosis", "areas", "opinion"', '"diagnosis", "areas"', "no criterion uses this test"),
        ("mn", '"diagnosis", "areas", "opinion"', "", "tests.illness.all"),
        ("mn", "at_least = 2", "at_least = -2", "at_least"),
        ("mn", "at_least = 2", 'at_least = "2"', "at_least"),
        ("mn", "at_least = 2", "at_least = true", "at_least"),
        ("mn", "at_least = 2", "at_least = 2\nat_most = 3", "at_least and at_most"),
        ("mn", "months = 24", "months = 36", "window"),
        ("mn", 'quantity = "inpatient_stays"', 'quantity = "stays"', "quantity"),
        ("mn", '"550-567"', '"550-56"', "zip_prefixes"),
        ("mn", 'in_state = "MN"', 'in_state = "MX"', "in_state"),
        ("mn", "zips = []", 'zips = ["5540"]', "service_area.zips"),
        ("mn", "{things}", "{thing}", "placeholder"),
        ("mn", "{things}", "{things", "brace"),
        ("mn", "open = false", 'open = "no"', "open"),
        ("mn", '    "committed_36_months",\n', "", "ask"),
        ("mn", '    "committed_36_months",\n', '    "committed",\n', "ask"),
        ("pa-icm", '"diagnosis", "history", "level"', '"diagnosis", "history"', "two_of_three"),
        ("default", '"medicaid", "uninsured"', '"medicaid"', "uninsured"),
        ("default", 'unknown = ["medicare"]', 'unknown = ["medicare", "va"]', "va"),
        ("default", 'id = "impairment"', 'id = "diagnosis"', "stands twice"),
        ("va-icmhr", "[title]", '[service_area]\ncounties = []\nzips = ["21201"]\n[title]', "service_area"),
    ],
)
def test_a_file_that_does_not_hold_together_is_said_clearly(
    tmp_path: Path, policy: str, old: str, new: str, says: str
) -> None:
    path = own_copy(tmp_path, policy, (old, new))
    with pytest.raises(BadPolicy) as caught:
        read_policy(path)
    assert str(caught.value).startswith(f"{policy}.toml: ")
    assert says in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy):
        read_policy(tmp_path / "mn.toml")
