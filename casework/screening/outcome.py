"""The pre-screen itself: facts and a policy in, what it comes to out. It turns nobody away; a person decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from casework.screening.facts import Facts, read_facts
from casework.screening.logic import Status
from casework.screening.policies import DEFAULT_POLICY, Policy, load_policy
from casework.screening.quantities import Known
from casework.screening.reasons import Language, because, source


class Outcome(StrEnum):
    """How the pre-screen looks; never a decision."""

    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion: its status, the plain words that tell which facts decided, and where the rule was read."""

    id: str
    status: Status
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class Screening:
    """What the pre-screen came to, in one language."""

    outcome: Outcome
    policy: str
    version: str
    criteria: tuple[CriterionResult, ...]
    routes: tuple[str, ...]
    documents: tuple[str, ...]
    note: str

    def to_json(self) -> dict[str, object]:
        """The output of `guidepost screen`, ready for `json.dumps`."""
        return {
            "outcome": self.outcome.value,
            "policy": self.policy,
            "version": self.version,
            "criteria": [
                {"id": each.id, "status": each.status.value, "because": each.because, "source": each.source}
                for each in self.criteria
            ],
            "routes": list(self.routes),
            "documents": list(self.documents),
            "note": self.note,
        }


def screen(
    facts: Facts | Mapping[str, object], policy: Policy | str = DEFAULT_POLICY, *, language: Language = "en"
) -> Screening:
    """Screens one person. Raw facts are read first. Raises BadFacts, UnknownPolicy, BadPolicy."""
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    known = Known(facts if isinstance(facts, Facts) else read_facts(facts))
    phrases = chosen.shared.phrases[language]
    findings = [(criterion, criterion.test.look(known)) for criterion in chosen.criteria]
    routes = chosen.shared.next_steps.routes_for(known, chosen.serves)
    return Screening(
        outcome=outcome_of(finding.status for _, finding in findings),
        policy=chosen.id,
        version=chosen.version,
        criteria=tuple(
            CriterionResult(
                id=criterion.id,
                status=finding.status,
                because=because(finding, language, phrases),
                source=source(criterion.source, chosen.checked, phrases),
            )
            for criterion, finding in findings
        ),
        routes=routes,
        documents=chosen.shared.next_steps.documents_for(known, chosen.serves, routes),
        note=phrases.note,
    )


def outcome_of(statuses: Iterable[Status]) -> Outcome:
    """Unlikely if a criterion is not_met; else likely if all are met; else possible."""
    seen = set(statuses)
    if Status.NOT_MET in seen:
        return Outcome.UNLIKELY
    return Outcome.POSSIBLE if Status.UNKNOWN in seen else Outcome.LIKELY


def route_text(route: str, language: Language = "en") -> str:
    """How a route is told to the client. Raises KeyError for a route there is not."""
    steps = load_policy().shared.next_steps.routes
    return {step.id: step.text for step in steps}[route][language]


def document_text(document: str, language: Language = "en") -> str:
    """How a document is told to the client. Raises KeyError for a document there is not."""
    steps = load_policy().shared.next_steps.documents
    return {step.id: step.text for step in steps}[document][language]
