"""Where the project's own files lie, in one place."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
DOMAIN = ROOT / "domain.yml"
BOT = ROOT / "bot"
MODELS = ROOT / "models"
