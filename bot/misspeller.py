"""The Rasa component around `bot.misspelling`: adds misspelt copies of the examples to the training data.

It stands before the encoder, so that copies are encoded like any text. In use it does nothing.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.misspelling import misspelt


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Misspeller(GraphComponent):
    """`copies` of each example are added."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"copies": 1}

    def __init__(self, config: dict[str, Any]) -> None:
        self._copies = int(config["copies"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,  # noqa: ARG003  (Rasa passes by name)
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> Misspeller:
        return cls(config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        examples = [e for e in training_data.intent_examples if e.get(INTENT) and e.get(TEXT)]
        copies = [
            Message.build(text=misspelt(e.get(TEXT), copy), intent=e.get(INTENT))
            for copy in range(self._copies)
            for e in examples
        ]
        return training_data.merge(TrainingData(training_examples=copies))

    def process(self, messages: list[Message]) -> list[Message]:
        return messages
