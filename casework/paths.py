"""Where the project's own files lie, in one place.

In a checkout they lie beside the code. An installed wheel brings them to `share/guidepost` of its environment, and
keeps what it makes (`.env`, `var/`) in the folder it is started from.
"""

import sys
from pathlib import Path

CODE = Path(__file__).resolve().parents[1]
INSTALLED = not (CODE / "domain.yml").exists()
SHIPPED = Path(sys.prefix) / "share" / "guidepost" if INSTALLED else CODE
ROOT = Path.cwd() if INSTALLED else CODE
DATA = SHIPPED / "data"
DOMAIN = SHIPPED / "domain.yml"
BOT = SHIPPED / "bot"
MODELS = ROOT / "models"
