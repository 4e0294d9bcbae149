"""Error texts as people paste them: which failure modes produce the text, what tells them apart, and what decides.

error_texts.toml, beside this module, has the programs' own words. A pasted text differs from them in line breaks,
letter case, quotes, colours, time stamps and escapes, and none of that counts: both sides are made plain first.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from fixtures.late import dataclass
from fixtures.text.toml_file import TomlFile

FILE = Path(__file__).with_name("error_texts.toml")

# What a phrase may leave open: an ellipsis stands for some text, a word in braces for a value of that form; {remote} for
# no more than that it is not a machine's own metadata service that did not answer.
OPEN = {
    "{start}": r"^",
    "…": r".{0,400}?",
    "{sha1}": r"[0-9a-f]{40}",
    "{instance}": r"i-[0-9a-f]{8,17}",
    "{zone}": r"[a-z]{2}(?:-[a-z]+)+-[0-9][a-f]",
    "{number}": r"[0-9]+",
    "{letter}": r"[a-z]",
    "{word}": r"[^/]{1,60}?",
    "{remote}": r"(?!(?::connecttimeoutonendpointurl)?:http://169\.254\.)",
    "{elsewhere}": r"(?![a-z0-9.-]*(?:amazonaws|awsapps|api\.aws|app\.aws))[a-z0-9-]+(?:\.[a-z0-9-]+)+",
}

_COLOUR = re.compile(
    r"(?:\x1b|\^\[|␛)(?:\[[0-9;?]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\))|\[[0-9]{1,2}(?:;[0-9]{1,3})*m"
)
_ESCAPE = re.compile(r"\\+(?:u(?!feff)(?P<code>[0-9a-fA-F]{4})|e(?=\[)|0?33(?=\[)|[nrt])")
# A log's own words before each line of the text: a compose service, a time, a reply's or a frame's mark.
_MARGIN = re.compile(
    r"^[ \t]*(?:\S+[ \t]+\|[ \t]|[│┃╷╵╭╰|>#*·]+[ \t]?|\[?\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\]?[ \t]*)+",
    re.MULTILINE,
)
_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_QUOTED = re.compile(r"\\+(?=[\"'`])")
_LEFT_OUT = re.compile("[\"'`´‘’‚‛“”„«»\u200b-\u200f\u2060\ufeff\u00ad─-▟]")


@dataclass(frozen=True)
class ErrorText:
    """Words by which programs report failure modes.

    says     the words, … and names in braces for what varies in them (OPEN); any of them is enough
    beside   words of which one has to stand somewhere in the text too; empty where `says` is enough
    unless   words that make it somebody else's text where none of `beside` is there; empty where one of those has to be
    modes    codes of failure modes, the most likely first; empty where it is none of them
    apart    what tells the modes apart, or what else is to know
    command  the command that decides among them, with {profile} where the profile's name belongs; empty where nothing is to
             be decided
    source   which programs say so
    mend     the command that mends it, where that of its failure modes is not the one; empty for theirs
    itself   what the text says, where that is none of the failure modes: these are then what else may be behind it
    """

    says: tuple[str, ...]
    apart: str
    source: str
    modes: tuple[str, ...] = ()
    command: str = ""
    beside: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    mend: str = ""
    itself: str = ""

    def found_in(self, text: PlainText) -> bool:
        """Whether the text has these words, and is not somebody else's."""
        if not text.has_any(self.says):
            return False
        if not self.beside or text.has_any(self.beside):
            return True
        return bool(self.unless) and not text.has_any(self.unless)


class PlainText:
    """A text as it was pasted, in which phrases can be found wherever a terminal broke its lines."""

    def __init__(self, text: str) -> None:
        self._text = plain(text)
        self._places = [place for place, character in enumerate(self._text) if character != " "]
        self._joined = "".join(self._text.split())

    def has_any(self, phrases: Iterable[str]) -> bool:
        """Whether one of the phrases is there, from the beginning of a word to the end of one."""
        return any(
            self._stands_alone(match)
            for phrase in phrases
            for match in _pattern(phrase).finditer(self._joined)
        )

    def _stands_alone(self, match: re.Match[str]) -> bool:
        first, last = self._places[match.start()], self._places[match.end() - 1]
        return not (
            _within_word(self._text[max(first - 1, 0) : first + 1])
            or _within_word(self._text[last : last + 2])
        )


def _within_word(two: str) -> bool:
    return len(two) == 2 and two.replace("_", "a").isalnum()


def plain(text: str) -> str:
    """The text without what copying adds to it: one line, small letters, no quotes, colours, escapes or margins."""
    text = _ESCAPE.sub(
        lambda escape: chr(int(escape["code"], 16)) if escape["code"] else _spelled(escape[0]), text
    )
    text = html.unescape(_COLOUR.sub("", _QUOTED.sub("", text)))
    text = _LEFT_OUT.sub("", _MARGIN.sub("", unicodedata.normalize("NFKC", text)))
    return " ".join(text.replace("\\", "/").casefold().split())


def _spelled(escape: str) -> str:
    return "\n" if escape[-1] in "nrt" else "\x1b"


def error_text(text: str) -> ErrorText | None:
    """The first entry whose words are in the text, the most telling words coming first; None where there is none."""
    pasted = PlainText(text)
    return next((entry for entry in load() if entry.found_in(pasted)), None)


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    """The phrase as a pattern for a plain text without its blanks."""
    pieces = re.split("(" + "|".join(map(re.escape, OPEN)) + ")", phrase)
    return re.compile(
        "".join(OPEN.get(piece) or re.escape(plain(piece).replace(" ", "")) for piece in pieces)
    )


@dataclass(frozen=True)
class ErrorTexts:
    """The whole of error_texts.toml: its lists of `words` by name, and what programs say."""

    words: Mapping[str, tuple[str, ...]]
    text: tuple[ErrorText, ...]

    def resolved(self) -> Iterator[ErrorText]:
        """The entries in their order, with the words for the names of lists, and what sets modes apart in one line."""
        for entry in self.text:
            yield replace(
                entry,
                beside=self._spelled(entry.beside),
                unless=self._spelled(entry.unless),
                apart=" ".join(entry.apart.split()),
            )

    def _spelled(self, words: Sequence[str]) -> tuple[str, ...]:
        lists = {f"{{{name}}}": listed for name, listed in self.words.items()}
        return tuple(word for each in words for word in lists.get(each, (each,)))


@cache
def load() -> tuple[ErrorText, ...]:
    """The entries of error_texts.toml in their order, read once."""
    return tuple(TomlFile.load(FILE).build(ErrorTexts).resolved())
