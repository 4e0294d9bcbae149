"""What the pages have in common: one file, nothing loaded, nothing run but its own script, no text taken for markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from pickle import PickleError
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from fixtures.privacy.unseen import visible

TEMPLATES = Path(__file__).parent / "templates"

WORST_FIRST = ("non_compliant", "inconclusive", "blocked", "waived", "compliant", "not_applicable")
WORDS = {
    "compliant": "Compliant",
    "non_compliant": "Not compliant",
    "waived": "Waived",
    "blocked": "Blocked",
    "not_applicable": "Not applicable",
    "inconclusive": "Inconclusive",
    "incomplete": "Incomplete",
}

VERDICT_WORDS = {"compliant": "compliant", "non_compliant": "NOT COMPLIANT", "incomplete": "INCOMPLETE"}
"""How a verdict is written wherever it stands for itself; in counts and sentences it is in WORDS."""


def status_words(counts: Mapping[str, int]) -> str:
    """The statuses that there are, as `2 compliant, 1 not compliant`, in the order of `counts`."""
    return ", ".join(f"{count} {WORDS[status].lower()}" for status, count in counts.items() if count)


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


MOST_TARGETS = 24
"""audit.html has every reading of every target; of more targets than that it is too long to open."""


def whole_page(document: Mapping[str, Any]) -> str:
    """The page that has all that results.json's `document` has, or leads to it."""
    return "audit.html" if len(document["targets"]) <= MOST_TARGETS else "fleet.html"


def cut(text: str, length: int) -> str:
    """The text on one line, at most `length` characters long."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length and len(text) <= 4 * length else line[: length - 1] + "…"


def anchor(kind: str, *parts: str | None) -> str:
    """A place in a page for what has that key: the same in every page, and plain whatever the parts are."""
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"{kind}-{digest[:16]}"


_ID = re.compile(r"\b[A-Z]{2,4}-\d\d\b")


def unbroken(text: str) -> Markup:
    """Foreign text as markup in which no line ends within a requirement's ID: browsers break behind a hyphen."""
    return Markup(_ID.sub(r'<span class="nb">\g<0></span>', str(escape(visible(text)))))


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
# Readings say a few words thousands of times. By type too: to a dict 1 and true are one.
_word = lru_cache(1000, typed=True)(_json)


def pretty(value: Any, indent: int = 0, width: int = 110) -> str:
    """JSON for readers: what fits stays on one line, and short entries fill their lines."""
    # By where it stands too: what is one object in several places, as what is said of a value, is written once.
    written: dict[tuple[int, int], str] = {}

    def lines(part: Any, indent: int) -> str:
        if not isinstance(part, (dict, list)):
            return _word(part)
        if not part:
            return _json(part)
        known = written.get((id(part), indent))
        if known is not None:
            return known
        inner = indent + 2
        if isinstance(part, dict):
            entries = [f"{_word(key)}: {lines(part[key], inner)}" for key in sorted(part)]
        else:
            entries = [lines(entry, inner) for entry in part]
        opening, closing = "{}" if isinstance(part, dict) else "[]"
        # Made of its entries' text: each level that wrote its own line would write all below it once more.
        length = sum(map(len, entries)) + 2 * len(entries)
        if length + indent <= width:
            text = f"{opening}{', '.join(entries)}{closing}"
        else:
            text = f"{opening}\n{_filled(entries, ' ' * inner, width)}\n{' ' * indent}{closing}"
        written[id(part), indent] = text
        return text

    return lines(value, indent)


def _filled(entries: list[str], margin: str, width: int) -> str:
    """The entries after each other, several on a line where they fit; one of several lines stands by itself."""
    lines: list[str] = []
    open_line = False
    for number, entry in enumerate(entries, 1):
        piece = entry + ("," if number < len(entries) else "")
        short = "\n" not in entry
        if short and open_line and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(margin + piece)
        open_line = short
    return "\n".join(lines)


def counted(number: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(text: str) -> str:
    """An instant of UTC as people read it; any other text as it is."""
    return f"{text[:10]} {text[11:19]}" if _INSTANT.fullmatch(text) else text


class _BesideTemplates(FileSystemBytecodeCache):
    """Compiled templates in the `__pycache__` beside them, kept and left out as Python does with its own."""

    def __init__(self) -> None:
        super().__init__(str(TEMPLATES / "__pycache__"))

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, ValueError, TypeError, PickleError):  # damaged, or no folder at all
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


_OF_DICT = frozenset(dir(dict))


class _Environment(Environment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """As jinja has it: an attribute, or else an item. Of a dict the item is looked for first, where it has no such
        attribute: rows are dicts, and each of their fields would be an exception."""
        if isinstance(obj, dict) and attribute not in _OF_DICT and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def _environment() -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(TEMPLATES),
        # To compile the audit page's takes as long as a sixth of a short run.
        bytecode_cache=_BesideTemplates(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(cut=cut, unbroken=unbroken, pretty=pretty, moment=moment, counted=counted)
    return environment


def assembled(name: str, *, running: Sequence[str], **context: Any) -> str:
    """The page of `name`.html.j2 with `name`.css and `name`.js inlined; its security policy admits just these two.

    `running` is what stands on each sheet of it in print.
    """
    style, script = _asset("page.css") + _asset("sections.css") + _asset(f"{name}.css"), _asset(f"{name}.js")
    style += _on_each_sheet(cut(" · ".join(running), 150))
    policy = (
        f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )
    template = _environment().get_template(f"{name}.html.j2")
    return template.render(
        **context,
        words=WORDS,
        verdict_words={name: word[:1].upper() + word[1:] for name, word in VERDICT_WORDS.items()},
        statuses=WORST_FIRST,
        policy=policy,
        style=Markup(style),
        script=Markup(script),
    )


def _on_each_sheet(text: str) -> str:
    """The rule that prints it in the margin: of foreign text, only letters and digits stand as they are."""
    plain = "".join(
        c if (c.isascii() and c.isalnum()) or c == " " else f"\\{ord(c):x} " for c in visible(text)
    )
    return f'@media print {{ @page {{ @top-left {{ content: "{plain}"; font: 8pt Arial, sans-serif; color: #56606c; }} }} }}\n'


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
