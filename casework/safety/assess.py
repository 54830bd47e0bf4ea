"""What one text shows: none, concern or crisis; of which kinds; and why.

Two judges, and the graver counts: the phrase lexicon, and a classifier over the multilingual encoder and
n-grams. A long text is read in windows, so that one sentence of danger in a page is not averaged away. Without the
trained model, or if it fails, the lexicon judges alone, more severely, and the version says so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import structlog

from casework.conversations import link_codes
from casework.delivery import keyword_words
from casework.paths import DATA
from casework.safety import lexicon, model
from casework.safety.levels import CONCERN, CRISIS, LEVELS, NONE, in_order, worse
from casework.safety.text import fold, windows
from casework.understanding import language
from casework.understanding.numbers import word_tables

log = structlog.get_logger(__name__)

LONGEST = 10_000  # characters read of one text
WINDOW = 300  # characters read together
READ = 6  # windows of a long text that the encoder reads: the most suspect ones, beside the first and the last
TOGETHER = 300  # characters of earlier texts that are read with the last one
LONGEST_TIME = 80  # characters of a text that names one of the offered times
SEVERAL = 1.6  # texts read as one are a worry from so many times the bar of a single one on
PLAIN = 0.1  # a text that sounds of danger less than this says nothing new after what was answered
KIND = 0.0  # a kind is named from this score on (-1 to 1); the likeliest one always is
A_FEW = 3
LEXICON_ONLY = "lexicon-only"
_WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class Assessment:
    """`score` is the probability of crisis (of danger, where the level is concern), 0 to 1. `reasons` name the phrases
    and the classifier's scores that led to the level; the phrases are the client's words, so they are kept encrypted.
    """

    level: str
    kinds: list[str]
    score: float
    reasons: list[dict[str, Any]] = field(default_factory=list)
    model_version: str = LEXICON_ONLY


def warm() -> None:
    """Loads what the first assessment would wait for (2 to 2.5 s)."""
    assess("hello")
    language.guess("hello there")


@dataclass(frozen=True)
class Reading:
    """What a text shows by itself: `alone`. Where it is `open`, what stands before it may change that; then there are
    the `pieces` that the classifier read of it and their scores: none of a text `known` to be harmless by itself.
    """

    text: str
    alone: Assessment
    open: bool = False
    found: list[lexicon.Phrase] = field(default_factory=list)
    known: str | None = None
    pieces: list[str] = field(default_factory=list)
    scores: list[model.Scores] = field(default_factory=list)


def assess(text: str, earlier: Sequence[str] = (), answered: Sequence[str] = ()) -> Assessment:
    """Assesses `text`, read alone and with the client's `earlier` texts of the last minutes (the oldest first).

    With those that were `answered` meanwhile, all of them before the `earlier` ones, it is read only if it sounds of
    some danger by itself: a plain answer after a worry that was acknowledged is not that worry again.
    """
    return judge(read(text), earlier, answered)


def read(text: str) -> Reading:
    """The long half of `assess`: all that does not depend on what stands before the text."""
    text = text[:LONGEST]
    if (plain := _plain(text)) is not None:
        return Reading(text, plain)
    found = lexicon.phrases(text)
    by_lexicon = Reading(text, _by_lexicon(found))
    trained = model.current()
    if trained is None or not _WORD.search(text):
        return by_lexicon  # "1 2", "55401", "911" are an answer or a number; the classifier only knows words
    try:
        known = trained.by_heart(text)
        if known == NONE:
            # What it says after the earlier ones is in question.
            return Reading(text, Assessment(NONE, [], 0.0, [{"known": NONE}], trained.version), open=True, known=known)
        pieces = _by_itself(trained, text)
        scores = trained.scores(pieces, {text: found})
        reading = replace(by_lexicon, open=True, found=found, known=known, pieces=pieces, scores=scores)
        return replace(reading, alone=_by_model(trained, reading, (), ()))
    except Exception:
        # Whatever broke in the classifier, the message must be assessed.
        log.exception("safety_model_failed")
        return by_lexicon


def judge(reading: Reading, earlier: Sequence[str] = (), answered: Sequence[str] = ()) -> Assessment:
    """The other half of `assess`: the text among the ones before it."""
    trained = model.current() if reading.open and (earlier or answered) else None
    if trained is None:
        return reading.alone
    try:
        return _by_model(trained, reading, earlier, answered)
    except Exception:
        log.exception("safety_model_failed")
        return max(reading.alone, _by_lexicon(reading.found), key=lambda found: LEVELS.index(found.level))


def _plain(text: str) -> Assessment | None:
    """What is told without reading on: a command, a code, an idiom, a time, an answer; None of everything else."""
    if not fold(text):
        return _worst_without_words(text)
    if keyword_words.recognise(text) is not None:
        return Assessment(NONE, [], 0.0, [{"command": True}], _version())
    if link_codes.recognise(text) is not None:
        return Assessment(NONE, [], 0.0, [{"code": True}], _version())
    if lexicon.harmless(text):
        return Assessment(NONE, [], 0.0, [{"idiom": True}], _version())
    if _only_a_time(text):
        return Assessment(NONE, [], 0.0, [{"time": True}], _version())
    if _bare(text):
        return Assessment(NONE, [], 0.0, [{"answer": True}], _version())
    return None


def _version() -> str:
    trained = model.current()
    return trained.version if trained else LEXICON_ONLY


def _worst_without_words(text: str) -> Assessment:
    """Emoji and signs: a weapon, pills or a coffin without words are asked about, everything else is nothing."""
    grave = [sign for sign in text if sign in "🔫🔪💊⚰🪦☠💀🩸🪢"]
    if grave:
        return Assessment(CONCERN, ["suicide"], 0.5, [{"signs": grave}], _version())
    return Assessment(NONE, [], 0.0, [], _version())


def _by_lexicon(found: list[lexicon.Phrase]) -> Assessment:
    """Erring to alarm: any phrase of concern is taken one level higher than the classifier would be asked to."""
    if not found:
        return Assessment(NONE, [], 0.0, [], LEXICON_ONLY)
    level = CRISIS if any(hit.level == CRISIS for hit in found) else CONCERN
    reasons = [{"phrase": hit.words, "kind": hit.kind, "level": hit.level} for hit in found]
    return Assessment(
        level, in_order(hit.kind for hit in found), 0.9 if level == CRISIS else 0.6, reasons, LEXICON_ONLY
    )


def _by_itself(trained: model.Model, text: str) -> list[str]:
    """What the classifier reads of the text alone: all of it, or its windows."""
    pieces = windows(text, WINDOW) if len(text) > WINDOW else [text]
    if len(pieces) <= READ:
        return pieces
    # The sparse half of the classifier looks at all of them; the encoder at those it finds most suspect.
    suspect = sorted(range(len(pieces)), key=lambda place: -float(trained.linear(pieces[place])[0]))[:READ]
    return [pieces[place] for place in sorted({0, len(pieces) - 1, *suspect})]


def _together(text: str, earlier: Sequence[str]) -> list[str]:
    """The text after the earlier ones, as one; none where either says nothing."""
    before = [said for said in earlier if _tells(said)]
    if not before or not _tells(text) or len(text) > TOGETHER:
        return []
    return [f"{'. '.join(before)[-TOGETHER:]}. {text}"]


@cache
def _bare_answers() -> tuple[re.Pattern[str], ...]:
    """What says yes, what says no or counts, the words that steer the line, greetings, and being late; each alone or in
    a row ("si esta bien"), never mixed: "im not ok".
    """
    tables = word_tables()
    few = (name for name, value in tables["number_values"].items() if value <= A_FEW)  # "so many" says something
    counts = [word for name in few for word in tables["numbers"][name]]
    plain = tomllib.loads((DATA / "safety" / "commands.toml").read_text(encoding="utf-8"))
    sides = (
        tables["yes_no"]["yes"],
        [*tables["yes_no"]["no"], *counts],
        plain["words"],
        plain["greetings"],
        plain["late"],
    )
    return tuple(
        re.compile(f"{one}(?: {one})*")
        for one in (f"(?:{'|'.join(map(re.escape, map(fold, side)))})" for side in sides)
    )


def _bare(text: str) -> bool:
    said = fold(text)
    return any(side.fullmatch(said) for side in _bare_answers())


@cache
def _times() -> re.Pattern[str]:
    table = tomllib.loads((DATA / "safety" / "times.toml").read_text(encoding="utf-8"))
    return re.compile("|".join(f"(?:{text})" for text in table["patterns"]))


def _only_a_time(text: str) -> bool:
    return len(text) <= LONGEST_TIME and _times().fullmatch(fold(text)) is not None


def _tells(text: str) -> bool:
    """Whether a text says something by itself. A row of "no", "45", "twice" are answers to our own questions, which the
    classifier does not see: read as one sentence they sound like despair. So do "the 2nd" and "mornings pls".
    """
    plain = _bare(text) or _only_a_time(text) or link_codes.recognise(text) is not None
    return _WORD.search(text) is not None and not plain


def _by_model(trained: model.Model, reading: Reading, earlier: Sequence[str], answered: Sequence[str]) -> Assessment:
    known, found = reading.known, reading.found
    quiet = known == NONE or max(score.danger for score in reading.scores) < PLAIN
    together = _together(reading.text, earlier if quiet else [*answered, *earlier])
    readings = [*reading.pieces, *together]
    if not readings:
        return reading.alone
    in_a_row = trained.scores(together) if together else []
    scores = [*reading.scores, *in_a_row]
    worst = max(scores, key=lambda score: (score.crisis, score.danger))
    crisis, danger = worst.crisis, max(score.danger for score in scores)
    limits = trained.settings["thresholds"][language.guess(readings[-1]) or "en"]
    outright = (crisis >= limits["crisis"] and not lexicon.low(readings[-1])) or any(hit.sure for hit in found)
    worries = [*((score, 1.0) for score in reading.scores), *((score, SEVERAL) for score in in_a_row)]
    worry = any(score.danger >= times * limits["danger"] for score, times in worries)
    level = CRISIS if outright else CONCERN if worry else NONE
    if known in (CONCERN, CRISIS):
        level = worse(level, known) if together else known
    reasons: list[dict[str, Any]] = [{"phrase": hit.words, "kind": hit.kind, "level": hit.level} for hit in found]
    reasons.append({"crisis": round(crisis, 4), "danger": round(danger, 4), "limits": limits})
    if level == NONE:
        return Assessment(NONE, [], round(crisis, 4), reasons, trained.version)
    likely = sorted(worst.kinds, key=lambda kind: -worst.kinds[kind])
    kinds = [kind for kind in likely if worst.kinds[kind] >= KIND] or likely[:1]
    score = max(crisis, limits["crisis"]) if level == CRISIS else danger
    return Assessment(level, in_order(kinds), round(score, 4), reasons, trained.version)
