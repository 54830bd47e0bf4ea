"""The Rasa component around `bot.intent_model`."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.intent_model import IntentModel, Settings
from bot.sentence_encoder import SentenceEncoder
from bot.sentences import DIMENSIONS


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NgramIntentClassifier(IntentClassifier, GraphComponent):
    """Sets `intent` and `intent_ranking`. Its settings are those of `bot.intent_model.Settings`."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [SentenceEncoder]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"ranking_length": 5}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003  (Rasa passes by name)
    ) -> NgramIntentClassifier:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(INTENT) and e.get(TEXT)]
        ours = {k: v for k, v in self._config.items() if k in Settings.__dataclass_fields__}
        self._model = IntentModel(Settings(**ours)).fit(
            [e.get(TEXT) for e in examples], _dense(examples), [e.get(INTENT) for e in examples]
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
        **_: Any,
    ) -> NgramIntentClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder))

    def process(self, messages: list[Message]) -> list[Message]:
        assert self._model is not None
        rankings = self._model.rank(
            [m.get(TEXT) or "" for m in messages], _dense(messages), self._config["ranking_length"]
        )
        for message, ranking in zip(messages, rankings, strict=True):
            if not (message.get(TEXT) or "").strip():
                ranking = [{"name": None, "confidence": 0.0}]  # nothing was said
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages


def _dense(messages: list[Message]) -> np.ndarray:
    rows = np.zeros((len(messages), DIMENSIONS), dtype=np.float32)
    for row, message in zip(rows, messages, strict=True):
        _, sentence = message.get_dense_features(TEXT)
        if sentence is not None:
            row[:] = sentence.features
    return rows
