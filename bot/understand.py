"""Prints what the trained model understands of texts on stdin: `python -m bot.understand --model PATH [--jsonl]`.

One text a line, or one `{"text": ...}` a line with --jsonl; for each `{"intent", "confidence", "entities": [{"entity",
"value", "start", "end"}]}`, in order, at once. An empty text has the intent null. A line that cannot be read ends it
with code 2 and the line's number.

Opens the NLU parts of the model alone, without Rasa: Rasa's import takes half a minute on a small machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot import entity_finder, intent_model, sentences

ENCODER = "bot.sentence_encoder.SentenceEncoder"
EXTRACTOR = "bot.entity_extractor.EntityExtractor"
BATCH = 64


class BadInput(Exception):
    """A line is not what was announced."""


class Understanding:
    """The NLU of a model archive."""

    def __init__(self, model: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            names = _unpack(model, Path(folder))
            self._intents = intent_model.IntentModel.load((Path(folder) / names[intent_model.SETTINGS]).parent)
            self._entities = entity_finder.EntityFinder.load((Path(folder) / names[entity_finder.FILE]).parent)
            schema = json.loads((Path(folder) / "metadata.json").read_text())["predict_schema"]["nodes"]
        encoder = next(n["config"] for n in schema.values() if n["uses"] == ENCODER)
        extractor = next(n["config"] for n in schema.values() if n["uses"] == EXTRACTOR)
        sentences.check_version(encoder["encoder_version"])
        self._scale = float(encoder.get("scale", 20.0))
        self._max_chars = int(encoder.get("max_chars", sentences.MAX_CHARS))
        self._entity_chars = int(extractor.get("max_chars", entity_finder.MAX_CHARS))

    def understand(self, texts: list[str]) -> list[dict[str, Any]]:
        texts = [text.strip() for text in texts]
        vectors = sentences.encode(texts, self._max_chars) * self._scale
        answers = []
        for text, ranking in zip(texts, self._intents.rank(texts, vectors, 1), strict=True):
            found = self._entities.find(text[: self._entity_chars])
            answers.append(
                {
                    "intent": ranking[0]["name"] if text else None,
                    "confidence": round(ranking[0]["confidence"], 4) if text else 0.0,
                    "entities": [{"entity": f.entity, "value": f.value, "start": f.start, "end": f.end} for f in found],
                }
            )
        return answers


def _unpack(model: Path, folder: Path) -> dict[str, str]:
    """Unpacks the NLU's files only; gives their places by name."""
    wanted = (intent_model.SETTINGS, intent_model.ARRAYS, entity_finder.FILE, "metadata.json")
    names: dict[str, str] = {}
    with tarfile.open(model) as archive:
        for member in archive:
            name = Path(member.name)
            if member.isfile() and name.name in wanted and not name.is_absolute() and ".." not in name.parts:
                archive.extract(member, folder)
                names[name.name] = member.name
    return names


def _texts(lines: Iterable[str], jsonl: bool) -> Iterable[str]:
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        if not jsonl:
            yield line
            continue
        try:
            text = json.loads(line)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f'line {number} is not {{"text": ...}}') from error
        if not isinstance(text, str):
            raise BadInput(f"line {number}: text must be a string")
        yield text


def _parse() -> tuple[Path, bool]:
    parser = argparse.ArgumentParser(description="Prints what the trained model understands of each text on stdin.")
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--model", type=Path, default=root / "models" / "guidepost.tar.gz")
    parser.add_argument("--jsonl", action="store_true")
    given = parser.parse_args()
    return given.model, given.jsonl


def main() -> int:
    model, jsonl = _parse()
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        understanding = Understanding(model)
        interactive, waiting = sys.stdin.isatty(), []
        for text in _texts(sys.stdin, jsonl):
            waiting.append(text)
            if interactive or len(waiting) == BATCH:
                _print(understanding.understand(waiting))
                waiting = []
        if waiting:
            _print(understanding.understand(waiting))
    except (BadInput, OSError, ValueError, KeyError, StopIteration, sentences.EncoderChanged) as error:
        print(f"Cannot understand: {error}", file=sys.stderr)
        return 2
    return 0


def _print(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
