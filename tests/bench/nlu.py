"""How well and how fast intents are told apart, on `tests/splits/nlu`, by five pipelines.

`rows()` measures the pipeline of config.yml; `bot/.venv/bin/python tests/bench/nlu.py --all` also the ones it was
chosen among, through Rasa itself, which takes long on one core. `--cross` gives the five-fold cross-validation on the
training data by which settings are chosen: the splits are for the last look only.

Rejection: a text is refused when no intent but out_of_scope reaches a confidence; the confidence is set where 5% of the
texts that do want something are refused, and what is told is how much of out_of_scope is refused there.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"
LANGUAGES = ("en", "es")
OUT_OF_SCOPE = "out_of_scope"
FALSE_REJECTION = 0.05
FOLDS = 5

WORDS = [
    {"name": "WhitespaceTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
REGRESSION = {"name": "LogisticRegressionClassifier"}


def rows() -> list[dict[str, Any]]:
    """One row a figure: `{"what", "value", "unit"}`. Empty where bot/.venv was not made."""
    if not PYTHON.exists():
        return []
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([PYTHON, __file__, "--json"], env=environment, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    units = {"train_s": "s", "parse_ms_p50": "ms"}
    return [{"what": f"NLU {key}", "value": value, "unit": units.get(key, "")} for key, value in figures.items()]


def examples(path: Path) -> list[tuple[str, str]]:
    """(text, intent) of Rasa's YAML."""
    import yaml

    return [
        (line.strip()[1:].strip(), block["intent"])
        for block in yaml.safe_load(path.read_text()).get("nlu", [])
        if "intent" in block
        for line in block["examples"].splitlines()
        if line.strip().startswith("-")
    ]


def training(language: str) -> list[tuple[str, str]]:
    return [e for path in sorted((ROOT / "data" / "nlu" / language).glob("*.yml")) for e in examples(path)]


def split(language: str) -> list[tuple[str, str]]:
    return examples(ROOT / "tests" / "splits" / "nlu" / f"{language}.yml")


def refused(confident: list[float], wanted: list[str]) -> float:
    """The share of out_of_scope that is refused where FALSE_REJECTION of the others is.

    `confident` is the highest confidence of any other intent.
    """
    import numpy as np

    scores, beside = np.array(confident), np.array([w == OUT_OF_SCOPE for w in wanted])
    threshold = np.quantile(scores[~beside], FALSE_REJECTION)
    return float((scores[beside] < threshold).mean())


def ours() -> dict[str, Any]:
    """The pipeline of config.yml without Rasa around it."""
    from bot import sentences

    sentences.warm_up()
    known = [e for language in LANGUAGES for e in training(language)]
    started = time.perf_counter()
    model, scale = _fit(known)
    figures: dict[str, Any] = {"train_s": round(time.perf_counter() - started, 1)}
    seen = {_plain(text) for text, _ in known}
    for language in LANGUAGES:
        texts, wanted = map(list, zip(*split(language), strict=True))
        table = model.confidences(texts, sentences.encode(texts) * scale)
        given = [model.intents[i] for i in table.argmax(axis=1)]
        right = [g == w for g, w in zip(given, wanted, strict=True)]
        new = [r for r, text in zip(right, texts, strict=True) if _plain(text) not in seen]
        others = [i for i, name in enumerate(model.intents) if name != OUT_OF_SCOPE]
        figures[f"accuracy_{language}"] = round(sum(right) / len(right), 3)
        figures[f"accuracy_{language}_not_in_training"] = round(sum(new) / len(new), 3)
        figures[f"out_of_scope_{language}"] = round(refused(list(table[:, others].max(axis=1)), wanted), 3)
    times = []
    for text, _ in split("en")[:300]:
        started = time.perf_counter()
        model.rank([text], sentences.encode([text]) * scale, 5)
        times.append((time.perf_counter() - started) * 1000)
    figures["parse_ms_p50"] = round(sorted(times)[len(times) // 2], 1)
    return figures


def cross() -> dict[str, Any]:
    """Five folds over the training data; texts that differ in case or accents only are in one fold."""
    from bot import sentences

    known = {(_plain(t), i): (t, i, language) for language in LANGUAGES for t, i in training(language)}
    rest = list(known.values())
    fold = [int(hashlib.md5(_plain(t).encode()).hexdigest(), 16) % FOLDS for t, *_ in rest]
    right: dict[str, list[bool]] = {language: [] for language in LANGUAGES}
    for held in range(FOLDS):
        model, scale = _fit([(t, i) for (t, i, _), f in zip(rest, fold, strict=True) if f != held])
        asked = [e for e, f in zip(rest, fold, strict=True) if f == held]
        texts = [t for t, *_ in asked]
        table = model.confidences(texts, sentences.encode(texts) * scale)
        for (_, intent, language), best in zip(asked, table.argmax(axis=1), strict=True):
            right[language].append(model.intents[best] == intent)
    return {f"cross_{language}": round(sum(r) / len(r), 3) for language, r in right.items()}


def _fit(known: list[tuple[str, str]]) -> tuple[Any, float]:
    import yaml

    from bot import sentences
    from bot.intent_model import IntentModel, Settings

    pipeline = {step["name"]: step for step in yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]}
    scale = float(pipeline["bot.sentence_encoder.SentenceEncoder"]["scale"])
    given = pipeline["bot.intent_classifier.NgramIntentClassifier"]
    settings = Settings(**{k: v for k, v in given.items() if k in Settings.__dataclass_fields__})
    texts = [text for text, _ in known]
    return IntentModel(settings).fit(texts, sentences.encode(texts) * scale, [i for _, i in known]), scale


def _plain(text: str) -> str:
    from bot.intent_model import fold

    return fold(text)


def pipelines(epochs: int) -> dict[str, list[dict[str, Any]]]:
    """The ones in question, as Rasa's configuration has them."""
    import yaml

    own = yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]
    encoder = {**own[0], "scale": 20}
    diet = {"name": "DIETClassifier", "epochs": epochs, "entity_recognition": False, "constrain_similarities": True}
    return {
        "own": own[:2],
        "chars+LR": [WORDS[0], WORDS[2], REGRESSION],
        "encoder+LR": [encoder, REGRESSION],
        "both+LR": [*WORDS, encoder, REGRESSION],
        f"DIET ({epochs} epochs)": [*WORDS, diet],
        f"both+DIET ({epochs} epochs)": [*WORDS, encoder, diet],
    }


def through_rasa(pipeline: list[dict[str, Any]]) -> dict[str, Any]:
    """Trains and asks by Rasa itself."""
    import logging

    import structlog
    import yaml
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "nlu"
        for language in LANGUAGES:
            for path in sorted((ROOT / "data" / "nlu" / language).glob("*.yml")):
                target = data / language / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(path.read_text())
        config = Path(folder) / "config.yml"
        config.write_text(
            yaml.safe_dump({"recipe": "default.v1", "assistant_id": "b", "language": "en", "pipeline": pipeline})
        )
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        started = time.perf_counter()
        made = train_nlu(str(config), str(data), str(Path(folder) / "out"))
        figures: dict[str, Any] = {"train_s": round(time.perf_counter() - started)}
        agent = Agent.load(made)
    times = []
    for language in LANGUAGES:
        confident, right, wanted = [], 0, []
        for text, intent in split(language):
            started = time.perf_counter()
            parsed = asyncio.run(agent.parse_message(text))
            times.append((time.perf_counter() - started) * 1000)
            right += parsed["intent"]["name"] == intent
            ranking = parsed.get("intent_ranking") or [parsed["intent"]]
            confident.append(max((r["confidence"] for r in ranking if r["name"] != OUT_OF_SCOPE), default=0.0))
            wanted.append(intent)
        figures[f"accuracy_{language}"] = round(right / len(wanted), 3)
        figures[f"out_of_scope_{language}"] = round(refused(confident, wanted), 3)
    figures["parse_ms_p50"] = round(sorted(times)[len(times) // 2], 1)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the NLU.")
    parser.add_argument("--all", action="store_true", help="every pipeline in question, through Rasa")
    parser.add_argument("--only", help="with --all: the one whose name begins so")
    parser.add_argument("--epochs", type=int, default=100, help="DIET's epochs")
    parser.add_argument("--cross", action="store_true", help="cross-validation on the training data")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if asked.cross:
        print(json.dumps(cross()))
    elif asked.all:
        for name, pipeline in pipelines(asked.epochs).items():
            if name.startswith(asked.only or ""):
                print(f"{name:24} {json.dumps(through_rasa(pipeline))}", flush=True)
    else:
        print(json.dumps(ours()))


if __name__ == "__main__":
    main()
    sys.exit(0)
