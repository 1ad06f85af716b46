"""Mapping of a data set's class names and numbers to the eight classes. Called by the manifest and its readers.

Names are understood in English and Spanish, ignoring case, with a number or a word such as "faces" beside them. Numbers
differ between data sets (1 is happy in AffectNet, surprise in RAF-DB, disgust in FER2013), so they are read only if
they are exactly AffectNet's 0…7, or with their meaning in `--classes`.
"""

from __future__ import annotations

import difflib
import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from affect.emotions import AFFECTNET_NUMBERS, EMOTIONS, NAMES
from affect.errors import AffectError, as_shown

NONE: Final = "none"  # in --classes: leave this name out

# Synonyms of the names in `affect.emotions`, without accents. Spanish "disgusto" means annoyance, not disgust.
FORMS: Final = {
    "anger": "angry angered enraged rage enojo enojado enojada ira rabia enfadado enfadada",
    "contempt": "contemptuous scorn despectivo despectiva",
    "disgust": "disgusted disgusting repugnancia repulsion asqueado asqueada",
    "fear": "fearful afraid scared temor temeroso temerosa asustado asustada",
    "happy": "happiness joy joyful felicidad feliz felices alegre contento contenta",
    "neutral": "neutrality neutro neutra neutralidad",
    "sad": "sadness triste",
    "surprise": "surprised surprising sorprendido sorprendida",
}
BESIDE: Final = ("class", "emotion", "emotions", "expression", "expressions", "face", "faces", "image", "images")

# The class numbers of published data sets.
KNOWN_SETS: Final[dict[str, dict[str, str]]] = {
    # Mollahosseini et al. 2017, arXiv:1708.03985; 8, 9 and 10: none, uncertain, no face
    "affectnet": {str(n): e for n, e in AFFECTNET_NUMBERS.items()} | dict.fromkeys(("8", "9", "10"), ""),
    # Goodfellow et al. 2013, arXiv:1307.0414
    "fer2013": dict(zip("0123456", ("anger", "disgust", "fear", "happy", "sad", "surprise", "neutral"), strict=True)),
    # Barsoum et al. 2016, arXiv:1608.01041; 8 and 9: unknown, no face
    "ferplus": dict(
        zip("01234567", ("neutral", "happy", "surprise", "sad", "anger", "disgust", "fear", "contempt"), strict=True)
    )
    | dict.fromkeys(("8", "9"), ""),
    # Li, Deng, Du 2017, doi:10.1109/CVPR.2017.277
    "raf-db": dict(zip("1234567", ("surprise", "fear", "disgust", "happy", "sad", "anger", "neutral"), strict=True)),
    # Lucey et al. 2010, doi:10.1109/CVPRW.2010.5543262
    "ck+": dict(
        zip("01234567", ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sad", "surprise"), strict=True)
    ),
}
MOST_NAMED, MOST_READ = 8, 24  # maximum number of names in one line of a message
LONGEST_SHOWN = 60  # maximum characters of each


def _plain(name: str) -> str:
    """A name without accents and case, for comparison."""
    apart = unicodedata.normalize("NFKD", name)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().strip()


_WORDS: Final = {_plain(names[emotion]): emotion for names in NAMES.values() for emotion in EMOTIONS} | {
    word: emotion for emotion, words in FORMS.items() for word in words.split()
}


@lru_cache(4096)
def class_of_name(name: str) -> str:
    """The class that a name such as `Angry`, `0_neutral` or `happy faces` means; "" if unclear (`sad_or_fear`)."""
    words = [w for w in re.split(r"[\W\d_]+", _plain(name)) if w and w not in BESIDE]
    if len(words) != 1:
        return ""
    return _WORDS.get(words[0]) or _WORDS.get(words[0].removesuffix("s"), "")


def _key(name: str) -> str:
    """A name as a key of the `--classes` mapping: `01` becomes `1`, `Ärger` becomes `arger`."""
    return str(int(name)) if is_number(name) else _plain(name)


def is_number(name: str) -> bool:
    """Whether a name is a class number (at most four digits)."""
    return name.isdecimal() and len(name) <= 4


def parse_classes(text: str | None) -> dict[str, str]:
    """Parse `--classes`: a known data set's name, comma-separated `name=class` pairs, or both.

    Returns a mapping from `_key(name)` to the class, "" for `none`, or for a partial label, which means one of several
    classes, these with slashes between ("sad/disgust"). Raises AffectError for a part that is neither.
    """
    given: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in (text or "").split(","))):
        name, equals, meant = (p.strip() for p in part.partition("="))
        members = [class_of_name(member) for member in meant.split("/")]
        emotion = "/".join(dict.fromkeys(members)) if all(members) else ""
        if not equals and part.lower() in KNOWN_SETS:
            given |= KNOWN_SETS[part.lower()]
        elif equals and name and (emotion or meant.lower() == NONE):
            given[_key(name)] = emotion
        else:
            raise AffectError(
                f"--classes: {shown(part)} is not understood. Give NAME=CLASS pairs with commas between, as in "
                f"1=surprise,2=fear (classes: {', '.join(EMOTIONS)}; sad/disgust for either, or {NONE} to leave a name "
                f"out), or the numbers of {', '.join(KNOWN_SETS)}."
            )
    return given


def meanings(names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The class of each understood name; "" for names that `--classes` leaves out."""
    found = {}
    for name in names:
        emotion = given.get(_key(name), class_of_name(name) or None)
        if emotion is not None:
            found[name] = emotion
    return found


def affectnet_numbers(names: Iterable[str]) -> dict[str, str]:
    """The class of each name if the names are exactly AffectNet's numbers 0…7; {} otherwise."""
    given = list(names)
    if not all(map(is_number, given)) or {int(n) for n in given} != set(AFFECTNET_NUMBERS):
        return {}
    return {n: AFFECTNET_NUMBERS[int(n)] for n in given}


def told_names(read: Mapping[str, str]) -> str:
    """Text such as `angry → anger, …` for names that differ from the class names; "" if none does."""
    others = {n: e for n, e in sorted(read.items()) if n.casefold() != e}
    more = [f"{len(others) - MOST_READ:,} more"] if len(others) > MOST_READ else []
    return ", ".join([f"{shown(n)} → {e or NONE}" for n, e in list(others.items())[:MOST_READ]] + more)


def told_unknown(counts: Mapping[str, int]) -> str:
    """Text that lists names that are not understood, most pictures first; "" if there are none."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = [f"{len(most) - MOST_NAMED:,} more"] if len(most) > MOST_NAMED else []
    units = [" picture" if c == 1 else " pictures" for _, c in most[:1]]  # only the first count has a unit
    named = [f"{shown(n)} ({c:,}{units.pop() if units else ''})" for n, c in most[:MOST_NAMED]]
    return ", ".join(named + more)


def remedy(names: Iterable[str]) -> str:
    """The suggested `--classes` option for names that are not understood."""
    given = list(names)
    if all(map(is_number, given)):
        fitting = [s for s, known in KNOWN_SETS.items() if {_key(n) for n in given} <= set(known)]
        exact = [s for s in fitting if {_key(n) for n in given} == {n for n, e in KNOWN_SETS[s].items() if e}]
        known = [f"--classes {s}" for s in exact or fitting]
        return " or ".join([*known, f"--classes {_key(min(given, key=int))}=CLASS,…"])
    pairs = []
    for name in [n for n in given if not is_number(n)][:MOST_NAMED]:
        near = difflib.get_close_matches(_plain(name), _WORDS, 1, 0.75)
        pairs.append(f"{shown(name)}={_WORDS[near[0]] if near else 'CLASS'}")
    return f"--classes {shlex.quote(','.join(pairs))}"


def shown(name: str) -> str:
    """A name from a data set made safe for a message: printable and short."""
    text = as_shown(name)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
