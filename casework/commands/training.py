"""Training what is older than its sources, and asking the trained model what a text means."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import httpx

from casework.commands.processes import BOT_PYTHON, DIALOGUE_MODEL, bot_environment
from casework.errors import GuidepostError
from casework.paths import ROOT


class NotSetUp(GuidepostError):
    """Something has to be installed first; the text says how."""


def check_bot() -> None:
    if not BOT_PYTHON.exists():
        raise NotSetUp("The model server's environment (bot/.venv) is missing. Run `make setup`.")


def train_all(say: Callable[[str], None] = print) -> None:
    """Trains the crisis detector and the dialogue model where they are older than what they are made from."""
    from casework.safety import train as safety_train

    check_bot()
    began = time.monotonic()
    if not safety_train.is_current():
        say("training the crisis detector (about eight minutes) ...")
        safety_train.train()
        say(f"crisis detector trained in {time.monotonic() - began:.0f} s")
    _train_dialogue(say)


def _train_dialogue(say: Callable[[str], None]) -> None:
    """Runs the bot's own trainer; what it prints (a lot) is shown only if it fails."""
    environment = bot_environment({"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    command = [str(BOT_PYTHON), "-m", "bot.train", "--out", str(DIALOGUE_MODEL), "--if-changed"]
    began, told = time.monotonic(), False
    with tempfile.TemporaryFile("w+") as printed:
        trainer = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, cwd=ROOT, stdout=printed, stderr=subprocess.STDOUT
        )
        try:
            while True:
                try:
                    code = trainer.wait(timeout=4 if not told else 20)
                    break
                except subprocess.TimeoutExpired:
                    seconds = time.monotonic() - began
                    say(
                        f"still training ({seconds:.0f} s) ..."
                        if told
                        else "training the dialogue model (a minute) ..."
                    )
                    told = True
        finally:
            if trainer.poll() is None:
                trainer.kill()
        if code:
            printed.seek(0)
            sys.stderr.write(printed.read()[-4000:])
            raise GuidepostError("The dialogue model could not be trained; the reason stands above.")
    if told:
        say(f"dialogue model trained in {time.monotonic() - began:.0f} s")


def understand(jsonl: bool) -> int:
    """Passes stdin to the trained NLU; prints a line for each. Returns the exit code."""
    check_bot()
    if not DIALOGUE_MODEL.exists():
        raise NotSetUp("There is no trained model yet. Run `guidepost prepare` (or `make setup`).")
    command = [str(BOT_PYTHON), "-m", "bot.understand", "--model", str(DIALOGUE_MODEL), *(["--jsonl"] if jsonl else [])]
    environment = bot_environment({"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")})
    return subprocess.run(command, env=environment, cwd=ROOT, stdin=sys.stdin, check=False).returncode  # noqa: S603


def answers(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        return httpx.get(url, timeout=3).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
