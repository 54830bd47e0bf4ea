"""The eligibility pre-screen: facts and a policy in; criteria, an outcome, routes and documents out.

A pure function of its input. It turns nobody away: a person decides, and the answer says so. Policies are data in
`data/criteria/`.
"""

from casework.screening.errors import BadFacts, BadPolicy, ScreeningError, UnknownPolicy
from casework.screening.facts import FACT_NAMES, Facts, Stay, facts_from_json, read_facts
from casework.screening.logic import Status
from casework.screening.outcome import CriterionResult, Outcome, Screening, document_text, route_text, screen
from casework.screening.plan import next_questions, outcome_questions, route_questions
from casework.screening.policies import (
    CRITERIA,
    DEFAULT_POLICY,
    Criterion,
    Policy,
    load_policy,
    policy_ids,
    read_policy,
)
from casework.screening.reasons import LANGUAGES, Language

__all__ = [
    "CRITERIA",
    "DEFAULT_POLICY",
    "FACT_NAMES",
    "LANGUAGES",
    "BadFacts",
    "BadPolicy",
    "Criterion",
    "CriterionResult",
    "Facts",
    "Language",
    "Outcome",
    "Policy",
    "Screening",
    "ScreeningError",
    "Status",
    "Stay",
    "UnknownPolicy",
    "document_text",
    "facts_from_json",
    "load_policy",
    "next_questions",
    "outcome_questions",
    "policy_ids",
    "read_facts",
    "read_policy",
    "route_questions",
    "route_text",
    "screen",
]
