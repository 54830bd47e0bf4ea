"""A turn that was not done whole must not look done.

Rasa's processor swallows what an action raises, loses the action's events and goes on; its agent puts a stand-in store
in memory behind a tracker store that fails. For us both would be a quiet loss: a slot that was not filled, a handoff
that did not happen, a reply that forgets. So, by subclasses alone (nothing of Rasa is patched):

- `ActionEndpoint.request` is where every call of a custom action passes, whoever makes it (the prediction loop, a form,
  a slot mapping). It notes on the turn any failure but the rejection a form may give (HTTP 400 with `action_name`), and
  checks the answer, since Rasa reads it inside the same swallowing `try`.
- `Processor._run_action` is the swallowing place itself: the action it is given is wrapped, so that anything else an
  action raises (a local one, the response generator) is noted too. What was noted is raised there as `TurnFailed`,
  which ends the turn before another action is run.
- `Processor.save_tracker`, the only place where a turn is kept, refuses while anything is noted.
- `Assistant` builds that processor, has no stand-in store, and looks whether a message was answered before while it
  holds the conversation's lock: a message is handled once.

The tracker of a failed turn is thrown away with all its events, so the caller may try again with the same message id.
What custom actions wrote elsewhere stands; they are guarded by the same id.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator, TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_DEFAULT_FALLBACK_NAME, ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

logger = logging.getLogger("bot.turns")

ACTION_SECONDS = 20.0
FORM_REJECTION = 400
RANKING_KEPT = 3


class TurnFailed(Exception):
    """The turn could not be done whole; nothing of it is kept. `reason` is a word for the caller, never a text."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason


class Turn:
    """What happened to the message that is being handled."""

    def __init__(self) -> None:
        self.failure: TurnFailed | None = None

    def note(self, reason: str, detail: str) -> None:
        self.failure = self.failure or TurnFailed(reason, detail)

    def check(self) -> None:
        if self.failure:
            raise self.failure


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


def _note(reason: str, detail: str) -> None:
    turn = _turn.get()
    if turn:
        turn.note(reason, detail)


def _check() -> None:
    turn = _turn.get()
    if turn:
        turn.check()


class ActionEndpoint(EndpointConfig):
    """The action server. Calls end after ACTION_SECONDS, before the caller of the turn gives up."""

    @classmethod
    def like(cls, given: EndpointConfig) -> ActionEndpoint:
        return cls(
            given.url, given.params, given.headers, given.basic_auth, given.token, given.token_name, given.cafile
        )

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        name = (kwargs.get("json") or {}).get("next_action", "")
        kwargs["timeout"] = aiohttp.ClientTimeout(total=ACTION_SECONDS)
        try:
            answer = await super().request(*args, **kwargs)
            _read(answer)
        except ClientResponseError as error:
            if not _is_rejection(error):
                _note("action_failed", f"{name}: HTTP {error.status}")
            raise
        except BaseException as error:  # also the cancelling of the turn
            _note("action_failed", f"{name}: {type(error).__name__}")
            raise
        return answer


def _is_rejection(error: ClientResponseError) -> bool:
    if error.status != FORM_REJECTION:
        return False
    try:
        return bool(json.loads(error.text)["action_name"])
    except (ValueError, KeyError, TypeError):
        return False


def _read(answer: Any) -> None:
    """Raises when Rasa will not be able to read the answer."""
    _answers().validate(answer)
    deserialise_events(answer.get("events") or [])


@lru_cache(maxsize=1)
def _answers() -> Any:
    schema = RemoteAction.action_response_format_spec()
    return jsonschema.validators.validator_for(schema)(schema)


class _Watched(Action):
    """An action whose failure is noted."""

    def __init__(self, action: Action) -> None:
        self._action = action
        if isinstance(action, RemoteAction) and isinstance(action.action_endpoint, ActionEndpoint):
            # The endpoint has checked the answer. Rasa checks the schema itself anew each time: 25 ms of a core.
            action._validate_action_result = lambda _: True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    def name(self) -> str:
        return self._action.name()

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Event:
        return self._action.event_for_successful_execution(prediction)

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        try:
            return await self._action.run(output_channel, nlg, tracker, domain)
        except ActionExecutionRejection:
            raise
        except Exception as error:
            _note("action_failed", f"{self.name()}: {type(error).__name__}")
            raise


class Processor(MessageProcessor):
    """Rasa's processor, for which a turn is done whole, once, or not at all."""

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]] | None:
        """Raises TurnFailed. The conversation's lock is held by the caller."""
        earlier = await self.earlier_answer(message)
        if earlier is not None:
            for uttered in earlier:
                await message.output_channel.send_response(message.sender_id, uttered.message())
            return None
        turn = Turn()
        token = _turn.set(turn)
        try:
            answer = await super().handle_message(message)
            turn.check()
            return answer
        finally:
            _turn.reset(token)

    async def earlier_answer(self, message: UserMessage) -> list[BotUttered] | None:
        """What this message was answered with when it was handled before; None when it was not."""
        store: Any = self.tracker_store
        if hasattr(store, "answer_to"):
            return await store.answer_to(message.sender_id, message.message_id)
        tracker = await self.tracker_store.retrieve_full_tracker(message.sender_id)
        return answer_in(list(tracker.events) if tracker else [], message.message_id)

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        tracker = await super().run_action_extract_slots(output_channel, tracker)
        _check()
        return tracker

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        go_on = await super()._run_action(_Watched(action), tracker, output_channel, nlg, prediction)
        _check()
        return go_on

    def _predict_next_with_tracker(self, tracker: DialogueStateTracker) -> PolicyPrediction:
        """After the fallback the assistant listens: a fallback action of our own does not revert, and would repeat."""
        prediction = super()._predict_next_with_tracker(tracker)
        predicted = self.domain.action_names_or_texts[prediction.max_confidence_index]
        if predicted == tracker.latest_action_name == ACTION_DEFAULT_FALLBACK_NAME:
            return PolicyPrediction.for_action_name(self.domain, ACTION_LISTEN_NAME, prediction.policy_name)
        return prediction

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        _check()
        await super().save_tracker(tracker)

    def _parse_message_with_graph(
        self, message: UserMessage, tracker: DialogueStateTracker, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """What is kept of a parse is what actions read: it is stored, and sent to every action, with each message."""
        parsed = super()._parse_message_with_graph(message, tracker, only_output_properties)
        parsed.pop("text_tokens", None)
        if "intent_ranking" in parsed:
            parsed["intent_ranking"] = parsed["intent_ranking"][:RANKING_KEPT]
        return parsed


def answer_in(events: list[Event], message_id: str) -> list[Event] | None:
    """The bot's words between the message and the next one; None when the message is not among the events."""
    for place, event in enumerate(events):
        if isinstance(event, UserUttered) and event.message_id == message_id:
            answer: list[BotUttered] = []
            for later in events[place + 1 :]:
                if isinstance(later, UserUttered):
                    break
                if isinstance(later, BotUttered):
                    answer.append(later)
            return answer
    return None


class Assistant(Agent):
    """Rasa's agent with the processor above and without a stand-in behind the tracker store."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.action_endpoint:
            self.action_endpoint = ActionEndpoint.like(self.action_endpoint)

    @staticmethod
    def _create_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
        """A store that fails must say so: with Rasa's stand-in in memory a conversation would forget, or fork."""
        if store is None:
            return InMemoryTrackerStore(domain)
        store.domain = domain
        return store

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        self.processor = Processor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
            on_circuit_break=_too_many_actions,
            http_interpreter=self.http_interpreter,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        if isinstance(self.nlg, TemplatedNaturalLanguageGenerator):
            self.nlg.responses = self.domain.responses if self.domain else {}


def _too_many_actions(tracker: DialogueStateTracker, *_: Any) -> None:
    _note("too_many_actions", tracker.latest_action_name or "")
