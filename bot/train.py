"""Trains the model: `python -m bot.train --out models/guidepost.tar.gz` (from the repository's root).

Made from config.yml, domain.yml, data/nlu, data/rules and data/stories. Prints the seconds it took; ends with 1 and the
reason when it could not. Beside the model `<model>.sources` holds the hash of all it was made from (`bot.sources`);
with `--if-changed` nothing is done while that still holds.
"""

from __future__ import annotations

import os

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import logging
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from bot import sources

ROOT = Path(__file__).resolve().parent.parent
SUFFIX = ".tar.gz"
UNTRUE = ("You have defined training data", "Slot auto-fill has been removed")  # Rasa knows its own extractors only


class CannotTrain(Exception):
    """Something is missing or wrong; the text says what."""


def train(root: Path, out: Path) -> float:
    """Writes the model and its `.sources`; gives the seconds it took. Raises CannotTrain."""
    if not out.name.endswith(SUFFIX):
        raise CannotTrain(f"--out must end in {SUFFIX}, not {out.name}")
    domain = root / "domain.yml" if (root / "domain.yml").exists() else root / "domain"
    for needed in (root / "config.yml", domain, root / "data" / "nlu"):
        if not needed.exists():
            raise CannotTrain(f"{needed.relative_to(root)} is missing")
    begun, made_of = time.monotonic(), sources.fingerprint(root)

    import structlog
    from rasa.model_training import train as rasa_train

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    data = [str(root / folder) for folder in sources.FOLDERS if (root / folder).exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".training-") as folder:
        result = rasa_train(
            str(domain), str(root / "config.yml"), data, output=folder, force_training=True, fixed_model_name="model"
        )
        if result.code != 0 or not result.model:
            raise CannotTrain(f"Rasa did not make a model (code {result.code})")
        shutil.move(result.model, out)
    sources.beside(out).write_text(made_of + "\n")
    return time.monotonic() - begun


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Shows what can be acted on: not the age of libraries, nor what our own components make untrue."""
    if category is UserWarning and not any(known in str(message) for known in UNTRUE):
        print(f"warning: {message}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description="Trains the dialogue model.")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "guidepost.tar.gz")
    parser.add_argument("--root", type=Path, default=ROOT, help="where config.yml, domain.yml and data/ are")
    parser.add_argument("--if-changed", action="store_true", help="do nothing when the model is up to date")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    warnings.showwarning = _show_warning
    os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = os.environ["TQDM_DISABLE"] = "1"
    if given.if_changed and sources.is_current(given.out, given.root):
        print(f"{given.out} is up to date")
        return 0
    try:
        seconds = train(given.root, given.out)
    except SystemExit as error:
        print(f"Cannot train: Rasa ended with {error.code}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001  (the edge: says why and ends)
        while error.__cause__ is not None:
            error = error.__cause__  # Rasa wraps what a component says
        print(f"Cannot train: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"trained {given.out} in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
