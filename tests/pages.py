"""Reading pages in tests: their markup with the standard library's parser, and themselves in Debian's Chromium."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.screenshots import Browser, BrowserMissing

VOID = frozenset({"meta", "input", "br", "link", "img"})


class Page(HTMLParser):
    """A page's `elements` (tag and attributes) in document order, and the `text` that it shows."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.markup = markup
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.comments: list[str] = []
        self.unbalanced: list[str] = []
        self._shown: list[str] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in {"td", "li"}:
            self._open.pop()
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open[-1:]):
            self._shown.append(data)

    @property
    def text(self) -> str:
        return "".join(self._shown)

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element of that tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    def between(self, tag: str) -> list[str]:
        """What stands between the tags, as it is."""
        return re.findall(rf"<{tag}>(.*?)</{tag}>", self.markup, re.DOTALL)


def breaches(page: Page) -> list[str]:
    """What in the page could run, load or lead elsewhere besides its one script and one style."""
    found = [f"comment {comment!r}" for comment in page.comments]
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            if name.startswith("on") or name in {
                "style",
                "src",
                "srcset",
                "srcdoc",
                "action",
                "formaction",
                "data",
                "poster",
            }:
                found.append(f"<{tag} {name}>")
            elif name in {"href", "xlink:href"} and not (
                value.startswith("#") or re.fullmatch(r"[\w%./#-]+", value)
            ):
                found.append(f"<{tag} {name}={value[:80]!r}>")
        if tag in {
            "img",
            "iframe",
            "object",
            "embed",
            "link",
            "base",
            "audio",
            "video",
            "foreignobject",
            "animate",
            "set",
        }:
            found.append(f"<{tag}>")
    for tag in ("script", "style", "title", "main", "form"):
        if len(page.all(tag)) != 1:
            found.append(f"{len(page.all(tag))} times <{tag}>")
    return found


def policy(page: Page) -> dict[str, list[str]]:
    """The directives of the page's security policy, which must come before anything that it is about."""
    tags = [tag for tag, _ in page.elements]
    position, meta = next(
        (number, attributes)
        for number, (tag, attributes) in enumerate(page.elements)
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert position < min(tags.index("style"), tags.index("script"))
    parts = [part.split() for part in meta["content"].split(";")]
    return {name: sources for name, *sources in parts}


def source_of(text: str) -> str:
    """How a policy names this script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    try:
        browser = Browser()
    except BrowserMissing as error:
        pytest.skip(str(error))
    with browser:
        yield browser


def axe(folder: Path) -> str:
    """The source of axe-core, from npm into `folder`; the test is skipped where that cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm here, which axe-core comes from")
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        pytest.skip(
            f"npm could not install axe-core: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
        )
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true;"
VIEWS = ((1440, False), (390, True))
"""Width and darkness: contrasts are those of the colours, of which there are two sets, places those of the window."""


BROKEN = r"""
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
  for (const match of node.data.matchAll(/\b[A-Z]{2,4}-\d\d\b/g)) {
    const range = document.createRange();
    range.setStart(node, match.index);
    range.setEnd(node, match.index + match[0].length);
    const tops = new Set([...range.getClientRects()].map(each => Math.round(each.top)));
    if (tops.size > 1) found.push(`${match[0]} in ${node.data.slice(0, 80)}`);
  }
}
return found;
"""


def broken_ids(browser: Browser) -> list[str]:
    """Where a line of the open page, all unfolded, ends within a requirement's ID."""
    browser.run(UNFOLD)
    found: list[str] = browser.run(BROKEN)
    return found


def violations(browser: Browser, axe_source: str) -> list[str]:
    """What axe finds in the open page, all of its rules on but those that are experimental, and what it cannot decide."""
    script = (
        f"{axe_source}\nreturn axe.run(document, {{preload: false, resultTypes: ['violations', 'incomplete'], "
        "rules: {'target-size': {enabled: true}}}).then(found => [...found.violations, ...found.incomplete]);"
    )
    found: list[dict[str, Any]] = browser.run(script)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}" for rule in found for node in rule["nodes"][:3]
    ]


def faults(browser: Browser, axe_source: str, address: str) -> list[str]:
    """What axe finds in the page, all unfolded, in each of the VIEWS."""
    browser.open(address)
    browser.run(UNFOLD)
    found = []
    for width, dark in VIEWS:
        browser.emulate(dark=dark)
        browser.resize(width, 1000)
        found += [
            f"{width} px, {'dark' if dark else 'light'}: {each}" for each in violations(browser, axe_source)
        ]
    return found
