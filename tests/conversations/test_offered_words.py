"""Every word that the line itself offers ("text CHANGE or CAN'T COME") is understood as what it was offered for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from casework.paths import ROOT

pytestmark = pytest.mark.line
WORDS = {
    "CHANGE": "reschedule_appointment", "CAMBIAR": "reschedule_appointment", "CAN'T COME": "cancel_appointment",
    "NO PUEDO IR": "cancel_appointment", "WHEN": "appointment_status", "CUANDO": "appointment_status",
    "BOOK": "book_appointment", "RESERVAR": "book_appointment", "CONTINUE": "resume", "SEGUIR": "resume",
    "STATUS": "intake_status", "ESTADO": "intake_status", "PROGRAMS": "find_program", "PROGRAMAS": "find_program",
    "SHARE": "affirm", "COMPARTIR": "affirm", "MENU": "menu", "PERSON": "talk_to_person", "PERSONA": "talk_to_person",
    "LATER": "pause", "LUEGO": "pause",
    "REPEAT": "repeat", "REPETIR": "repeat", "SKIP": "skip", "PASO": "skip", "WHY": "why_asked", "POR QUE": "why_asked",
    "DELETE MY DATA": "delete_my_data", "BORRE MIS DATOS": "delete_my_data", "ESPAÑOL": "switch_language",
    "talk to a person": "talk_to_person", "hablar con una persona": "talk_to_person",
}  # fmt: skip


def test_the_words_that_the_line_offers_are_understood() -> None:
    told = "".join(json.dumps({"text": word}) + "\n" for word in WORDS)
    command = [str(Path(sys.executable).parent / "guidepost"), "understand", "--jsonl"]
    run = subprocess.run(command, cwd=ROOT, input=told, capture_output=True, text=True, check=True, timeout=120)
    heard = [json.loads(row) for row in run.stdout.splitlines()]
    unsure = {
        word: (row["intent"], row["confidence"])
        for (word, intent), row in zip(WORDS.items(), heard, strict=True)
        if row["intent"] != intent or row["confidence"] < 0.6
    }
    assert not unsure
