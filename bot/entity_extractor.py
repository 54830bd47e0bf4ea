"""The Rasa component around `bot.entity_finder`: trained on the look-up tables and regexes of the NLU data.

Rasa's own RegexEntityExtractor needs a marked-up example for each entity, one alternation of every alias (slow for long
lists), spells accents strictly, and its synonyms know no entity ("va" the payer and VA the state would be one).
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.entity_finder import MAX_CHARS, EntityFinder


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityExtractor(GraphComponent, EntityExtractorMixin):
    """Adds entities with their known values."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"max_chars": MAX_CHARS}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        finder: EntityFinder | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._finder = finder or EntityFinder([], [])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003  (Rasa passes by name)
    ) -> EntityExtractor:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        aliases = [(t["name"], a) for t in training_data.lookup_tables for a in t["elements"]]
        patterns = [(r["name"], r["pattern"]) for r in training_data.regex_features]
        self._finder = EntityFinder(aliases, patterns)
        with self._model_storage.write_to(self._resource) as folder:
            self._finder.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
        **_: Any,
    ) -> EntityExtractor:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, EntityFinder.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = (message.get(TEXT) or "")[: self._config["max_chars"]]
            found = [
                {"entity": f.entity, "value": f.value, "start": f.start, "end": f.end} for f in self._finder.find(text)
            ]
            known = message.get(ENTITIES) or []
            message.set(ENTITIES, known + self.add_extractor_name(found), add_to_output=True)
        return messages
