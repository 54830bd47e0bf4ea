"""Policies as staff read them: each criterion's rule in words; a screening looked at again by what is in force now."""

from __future__ import annotations

import html
import re
import uuid

import pytest
from console_people import somebody_asking, somebody_booked
from sqlalchemy import select

from casework import screening
from casework.handoff.tables import ScreeningRecord
from casework.intake import policies
from casework.screening.formulas import Amount
from casework.settings import get_settings
from casework.staff.tables import AuditEvent
from casework.storage import Database
from channels.console.rules import Rule, in_words

pytestmark = pytest.mark.anyio


def plainly(rule: Rule) -> str:
    return rule.text + (f" ({'; '.join(map(plainly, rule.members))})" if rule.members else "")


@pytest.mark.parametrize(
    ("policy", "criterion", "words"),
    [
        ("default", "diagnosis", "Diagnosis: schizophrenia, bipolar disorder, major depression, and the like"),
        ("default", "impairment", "Hospital stays in the last 24 months: 2 or more"),
        ("default", "impairment", "housing, work; or 2 or more of self-care, daily tasks"),
        ("default", "funding", "Left to a person: Medicare. Not: private insurance."),
        ("mn", "need", "Days in hospital in the last 12 months and Days in residential care"),
        ("mn", "residency", "Lives in MN, by name or by ZIP code (550 to 567)"),
        ("pa-icm", "need", "Two of these three (All of these (Diagnosis: schizophrenia"),
        ("pa-icm", "need", "GAF score: 40 or less"),
        ("pa-tcm", "need", "Missed appointments in the last 12 months: 3 or more"),
        ("ga-act", "need", "Other ways in, which are not asked about here"),
        ("va-icmhr", "distance", "Miles to the nearest VA hospital: 60 or less"),
        ("va-icmhr", "veteran", "A no is left open where Coverage is VA"),
    ],
)
def test_a_rule_is_told_in_words(policy: str, criterion: str, words: str) -> None:
    test = next(each.test for each in screening.load_policy(policy).criteria if each.id == criterion)
    assert words in plainly(in_words(test))


@pytest.mark.parametrize("policy", screening.policy_ids())
def test_every_number_of_a_policy_stands_in_its_words(policy: str) -> None:
    for criterion in screening.load_policy(policy).criteria:
        words = plainly(in_words(criterion.test))
        for leaf in criterion.test.leaves():
            if isinstance(leaf.formula, Amount):
                assert re.search(rf": {leaf.formula.need:g} or (more|less)", words), (leaf.id, words)


async def test_the_page_tells_each_policy_for_whom_it_is_and_what_is_wrong_with_a_copy(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    own = get_settings().guidepost_data / "criteria"
    own.mkdir()
    (own / "lakeside.toml").write_text('id = "lakeside"\n', encoding="utf-8")
    try:
        page = (await (await sign_in(role="supervisor")).get("/console/admin/policies")).text
    finally:
        (own / "lakeside.toml").unlink()
        own.rmdir()
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    for each in screening.policy_ids():
        policy = screening.load_policy(each)
        assert policy.title["en"] in text
        for criterion in policy.criteria:
            assert f"Source: {criterion.source}" in text
    assert "for people in PA" in text
    assert "for veterans, besides their state" in text
    assert "The agency's own copy cannot be read" in text
    assert "lakeside.toml" in text


async def looked_again(browser, client_id: uuid.UUID) -> str:  # type: ignore[no-untyped-def]
    answer = await browser.post(f"/console/people/{client_id}/look-again", data={"csrf": browser.csrf})
    return str((await browser.get(answer.headers["location"])).text)


async def test_a_screening_is_looked_at_again_by_the_policy_in_force_and_the_earlier_stays(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        kept = (await session.scalars(select(ScreeningRecord))).one()
        # As a policy of an earlier year left it.
        kept.version, kept.result = "2020-01-01", {**kept.result, "version": "2020-01-01", "outcome": "likely"}
    dana = await sign_in()
    before = (await dana.get(f"/console/people/{ana}")).text
    assert "Likely to qualify" in before
    assert "The policy has changed since." in before
    page = await looked_again(dana, ana)
    assert "it comes out otherwise now" in page
    now = policies.screen(kept.facts).best
    assert f"version {now.version}" in page
    assert "What it was before" in page
    assert "likely to qualify" in page[page.index("What it was before") :]
    assert "The policy has changed since." not in page
    assert "it comes out the same" in await looked_again(dana, ana)
    async with database.session() as session:
        records = (await session.scalars(select(ScreeningRecord).order_by(ScreeningRecord.created_at))).all()
        assert [each.version for each in records] == ["2020-01-01", now.version]
        done = await session.scalars(select(AuditEvent).where(AuditEvent.action == "screening.looked_again"))
        assert len(done.all()) == 2


async def test_who_was_not_screened_and_a_colleagues_client_are_not_looked_at_again(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        rosa = await somebody_asking(session)
        ana = await somebody_booked(session)
    dana = await sign_in()
    assert "was not screened yet" in await looked_again(dana, rosa)
    await dana.post(f"/console/people/{ana}/claim", data={"csrf": dana.csrf})
    eli = await sign_in("eli@agency.example", "Eli Noor")
    assert "A colleague has this client" in await looked_again(eli, ana)
    assert "Look again" not in (await eli.get(f"/console/people/{ana}")).text
