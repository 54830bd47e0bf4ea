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
FOLDS = 6  # of the cross-validation

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


def ours(*, trained: bool = False) -> dict[str, Any]:
    """The pipeline of config.yml without Rasa around it. Only texts that are not in the training data count.

    `trained`: the model that stands in models/ is asked, instead of making one; it is to be of this very data.
    """
    from bot import sentences
    from bot.misspelling import misspelt

    sentences.warm_up()
    known = [e for language in LANGUAGES for e in training(language)]
    figures: dict[str, Any] = {"examples": len(known)}
    if trained:
        from bot.understand import Understanding

        standing = Understanding(ROOT / "models" / "guidepost.tar.gz")
        model, scale = standing._intents, standing._scale
    else:
        started = time.perf_counter()
        model, scale = _fit(known)
        figures["train_s"] = round(time.perf_counter() - started, 1)
    seen = {_plain(text) for text, _ in known}
    for language in LANGUAGES:
        rows = split(language)
        asked = [(text, intent) for text, intent in rows if _plain(text) not in seen]
        figures[f"texts_{language}"] = len(asked)
        figures[f"left_out_{language}_also_in_training"] = len(rows) - len(asked)
        texts, wanted = map(list, zip(*asked, strict=True))
        for kind, said in (("", texts), ("_misspelt", [misspelt(text, 1000) for text in texts])):
            table = model.confidences(said, sentences.encode(said) * scale)
            given = [model.intents[i] for i in table.argmax(axis=1)]
            others = [i for i, name in enumerate(model.intents) if name != OUT_OF_SCOPE]
            right = sum(g == w for g, w in zip(given, wanted, strict=True))
            figures[f"accuracy_{language}{kind}"] = round(right / len(wanted), 3)
            figures[f"out_of_scope_{language}{kind}"] = round(refused(list(table[:, others].max(axis=1)), wanted), 3)
    times = []
    for text, _ in split("en")[:300]:
        started = time.perf_counter()
        model.rank([text], sentences.encode([text]) * scale, 5)
        times.append((time.perf_counter() - started) * 1000)
    figures["parse_ms_p50"] = round(sorted(times)[len(times) // 2], 1)
    return figures


def cross(confusions: int = 0) -> dict[str, Any]:
    """Each file of the training data is asked of a model that did not see it: another batch was written on another
    occasion, so this is nearer to a stranger's words than splitting the texts of one batch.

    Files are held out some at a time, never two of the same topic. What is asked: texts that stand in no other file, of
    intents that another file of their language has too.
    """
    from collections import Counter

    from bot import sentences

    sentences.warm_up()
    batches = [
        (language, fold, examples(path))
        for language in LANGUAGES
        for topic, paths in sorted(_topics(language).items())
        for fold, path in enumerate(paths, start=int(hashlib.md5(topic.encode()).hexdigest(), 16) % FOLDS)
    ]
    right: dict[str, list[bool]] = {language: [] for language in LANGUAGES}
    mixed: Counter[tuple[str, str, str]] = Counter()
    wrong: list[tuple[str, str, str]] = []
    confident: list[float] = []
    wanted: list[str] = []
    for held in range(FOLDS):
        model, scale = _fit([e for _, fold, batch in batches if fold % FOLDS != held for e in batch])
        kept = [(lang, t, i) for lang, fold, batch in batches if fold % FOLDS != held for t, i in batch]
        seen, taught = {_plain(t) for _, t, _ in kept}, {(lang, i) for lang, _, i in kept}
        asked = [
            (t, i, lang)
            for lang, fold, batch in batches
            if fold % FOLDS == held
            for t, i in batch
            if _plain(t) not in seen and (lang, i) in taught
        ]
        texts = [t for t, *_ in asked]
        table = model.confidences(texts, _encoded(texts) * scale)
        others = [i for i, name in enumerate(model.intents) if name != OUT_OF_SCOPE]
        confident += list(table[:, others].max(axis=1))
        wanted += [i for _, i, _ in asked]
        for (text, intent, language), best in zip(asked, table.argmax(axis=1), strict=True):
            right[language].append(model.intents[best] == intent)
            if model.intents[best] != intent:
                mixed[language, intent, model.intents[best]] += 1
                wrong.append((intent, model.intents[best], text))
    for (language, intent, taken), times in mixed.most_common(confusions):
        print(f"{times:4} {language} {intent} taken for {taken}", file=sys.stderr)
    if confusions:
        for row in sorted(wrong):
            print(*row, sep="\t", file=sys.stderr)
    figures = {f"accuracy_{language}_other_batch": round(sum(r) / len(r), 3) for language, r in right.items()}
    return figures | {"out_of_scope_other_batch": round(refused(confident, wanted), 3)}


BEGIN, END = "<!-- figures: written by tests/bench/nlu.py --write -->", "<!-- end of figures -->"
_ROWS = (
    ("texts of the split that are not in the training data", "texts_{}"),
    ("...left out, since they are", "left_out_{}_also_in_training"),
    ("**intent right**", "accuracy_{}"),
    ("...with a slip in every fourth word", "accuracy_{}_misspelt"),
    ("out of scope refused, where 5% of the others are", "out_of_scope_{}"),
    ("...with a slip in every fourth word", "out_of_scope_{}_misspelt"),
    ("intent right, files of the training data held out", "accuracy_{}_other_batch"),
)


def write(figures: dict[str, Any], day: str) -> None:
    """Puts the figures into docs/nlu.md, between the two marks."""
    page = ROOT / "docs" / "nlu.md"
    lines = [
        f"Measured {day} on {figures['examples']:,} training examples.",
        "",
        "| | English | Spanish |",
        "|---|---|---|",
    ]
    for title, name in _ROWS:
        if name.format("en") in figures:
            told = [figures[name.format(language)] for language in LANGUAGES]
            lines.append(
                f"| {title} | " + " | ".join(f"{v:.1%}" if isinstance(v, float) else str(v) for v in told) + " |"
            )
    took = f"Training took {figures['train_s']:.0f} s; a" if "train_s" in figures else "A"
    lines += ["", f"{took} text took {figures['parse_ms_p50']} ms (p50)."]
    text = page.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)


def _topics(language: str) -> dict[str, list[Path]]:
    """The files of a language by topic; a topic's files are its batches (`faq_1.yml`, `faq_2.yml`)."""
    topics: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "data" / "nlu" / language).glob("*.yml")):
        topics.setdefault(path.stem.rstrip("0123456789").rstrip("_"), []).append(path)
    return topics


def _fit(known: list[tuple[str, str]]) -> tuple[Any, float]:
    import yaml

    from bot.intent_model import IntentModel, Settings
    from bot.misspelling import misspelt

    pipeline = {step["name"]: step for step in yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]}
    scale = float(pipeline["bot.sentence_encoder.SentenceEncoder"]["scale"])
    given = pipeline["bot.intent_classifier.NgramIntentClassifier"]
    settings = Settings(**{k: v for k, v in given.items() if k in Settings.__dataclass_fields__})
    copies = int(pipeline["bot.misspeller.Misspeller"]["copies"])
    all_texts = known + [(misspelt(text, copy), intent) for copy in range(copies) for text, intent in known]
    texts = [text for text, _ in all_texts]
    return IntentModel(settings).fit(texts, _encoded(texts) * scale, [i for _, i in all_texts]), scale


_VECTORS: dict[str, Any] = {}


def _encoded(texts: list[str]) -> Any:
    """Sentence vectors; each text is encoded once, for the folds share most of theirs."""
    import numpy as np

    from bot import sentences

    fresh = [text for text in dict.fromkeys(texts) if text not in _VECTORS]
    _VECTORS.update(zip(fresh, sentences.encode(fresh), strict=True))
    return np.stack([_VECTORS[text] for text in texts])


def _plain(text: str) -> str:
    from bot.intent_model import fold

    return fold(text)


def pipelines(epochs: int) -> dict[str, list[dict[str, Any]]]:
    """The ones in question, as Rasa's configuration has them."""
    import yaml

    own = yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]
    encoder = {**next(step for step in own if step["name"].endswith("SentenceEncoder")), "scale": 20}
    diet = {"name": "DIETClassifier", "epochs": epochs, "entity_recognition": False, "constrain_similarities": True}
    return {
        "own": [step for step in own if not step["name"].endswith("EntityExtractor")],
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
    seen = {_plain(text) for language in LANGUAGES for text, _ in training(language)}
    for language in LANGUAGES:
        confident, right, wanted = [], 0, []
        for text, intent in split(language):
            if _plain(text) in seen:
                continue
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
    parser.add_argument("--write", action="store_true", help="measure, cross-validate, and put it into docs/nlu.md")
    parser.add_argument(
        "--trained", action="store_true", help="ask the model in models/; no training, no cross-validation"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if asked.write:
        figures = ours(trained=asked.trained)
        write(figures if asked.trained else figures | cross(), time.strftime("%Y-%m-%d"))
    elif asked.cross:
        print(json.dumps(cross()))
    elif asked.all:
        for name, pipeline in pipelines(asked.epochs).items():
            if name.startswith(asked.only or ""):
                print(f"{name:24} {json.dumps(through_rasa(pipeline))}", flush=True)
    else:
        print(json.dumps(ours(trained=asked.trained)))


if __name__ == "__main__":
    main()
    sys.exit(0)
