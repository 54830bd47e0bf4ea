"""Prints what the trained model understands of texts on stdin: `python -m bot.understand --model PATH [--jsonl]`.

One text a line, or one `{"text": ...}` a line with --jsonl; for each `{"intent", "confidence", "entities": [{"entity",
"value", "start", "end"}]}`, in order, at once: lines that come together are understood together, and none waits for
more. An empty text has the intent null. A line that cannot be read ends it with code 2 and the line's number, after
the answers to those before it.

Opens the NLU parts of the model alone, without Rasa: Rasa's import takes half a minute on a small machine.
"""

from __future__ import annotations

import argparse
import codecs
import io
import json
import os
import sys
import tarfile
import tempfile
from collections.abc import Iterator
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
        if not texts:
            return []
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


def _lines(source: int) -> Iterator[list[str]]:
    """What lines there are at a time, as they come: one that has come is not held back until others have."""
    decode = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True).decode
    rest = ""
    while chunk := os.read(source, 1 << 16):
        *lines, rest = (rest + decode(chunk)).split("\n")
        yield from (lines[place : place + BATCH] for place in range(0, len(lines), BATCH))
    if rest := rest + decode(b"", final=True):
        yield [rest.rstrip("\n")]


def _text(line: str, number: int) -> str:
    """The text of a line of --jsonl."""
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f'line {number} is not {{"text": ...}}') from error
    if not isinstance(text, str):
        raise BadInput(f"line {number}: text must be a string")
    return text


def _answer(understanding: Understanding, source: int, jsonl: bool) -> None:
    """Raises BadInput, once what stands before the bad line is answered."""
    number = 0
    for lines in _lines(source):
        texts: list[str] = []
        try:
            for line in lines:
                number += 1
                texts.append(_text(line, number) if jsonl else line)
        finally:
            _print(understanding.understand(texts))


def _parse() -> tuple[Path, bool]:
    parser = argparse.ArgumentParser(description="Prints what the trained model understands of each text on stdin.")
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--model", type=Path, default=root / "models" / "guidepost.tar.gz")
    parser.add_argument("--jsonl", action="store_true")
    given = parser.parse_args()
    return given.model, given.jsonl


def main() -> int:
    model, jsonl = _parse()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        _answer(Understanding(model), sys.stdin.fileno(), jsonl)
    except (BadInput, OSError, ValueError, KeyError, StopIteration, sentences.EncoderChanged) as error:
        print(f"Cannot understand: {error}", file=sys.stderr)
        return 2
    return 0


def _print(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
