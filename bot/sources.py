"""What a model is made of, as one hash: written beside the model, so that it is known when to train again."""

from __future__ import annotations

import hashlib
from pathlib import Path

SUFFIXES = (".yml", ".yaml")
FOLDERS = ("data/nlu", "data/rules", "data/stories")
FILES = ("config.yml", "bot/requirements.txt")
# What changes the model itself; the server's own files do not.
CODE = (
    "sentences.py",
    "misspelling.py",
    "misspeller.py",
    "sentence_encoder.py",
    "intent_model.py",
    "intent_classifier.py",
    "entity_finder.py",
    "entity_extractor.py",
    "train.py",
)


def sources(root: Path) -> list[Path]:
    """Every file a model depends on, in a fixed order."""
    found = [root / name for name in FILES]
    found += [root / "bot" / name for name in CODE]
    domain = root / "domain.yml"
    found += [domain] if domain.exists() else sorted((root / "domain").rglob("*.yml"))
    for folder in FOLDERS:
        found += [p for p in sorted((root / folder).rglob("*")) if p.suffix in SUFFIXES]
    return [path for path in found if path.is_file()]


def fingerprint(root: Path) -> str:
    """SHA-256 over the names and contents of all sources."""
    digest = hashlib.sha256()
    for path in sources(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def beside(model: Path) -> Path:
    """Where the fingerprint of a model is kept."""
    return model.with_name(model.name + ".sources")


def is_current(model: Path, root: Path) -> bool:
    kept = beside(model)
    return model.is_file() and kept.is_file() and kept.read_text().strip() == fingerprint(root)
