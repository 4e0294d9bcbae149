"""The formats made from results.json and evidence.json: for each a file name and what renders it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from checks.catalogue import load

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """An artifact called `name`, made by `render(document, evidence)`.

    `option` names the switch that asks for it, if any; it is made for `fewest` to `most` targets.
    """

    name: str
    render: Callable[[Document, Document], str]
    option: str = ""
    fewest: int = 0
    most: int | None = None

    def suits(self, document: Document) -> bool:
        """Whether it is made for as many targets."""
        number = len(document["targets"])
        return self.fewest <= number and (self.most is None or number <= self.most)


@cache
def guide() -> dict[str, Any]:
    """The guide as plain data: what formats need to spell out IDs."""
    return asdict(load())


def _audit(document: Document, evidence: Document) -> str:
    from reports.audit import render

    return render(document, evidence, comparison=document["comparison"], catalogue_info=guide())


def _fleet(document: Document, evidence: Document) -> str:
    from reports.fleet import render

    targets = document["targets"]
    details = {target["id"]: "audit.html" for target in targets} if len(targets) <= MOST_TARGETS else {}
    return render(document, catalogue_info=guide(), details=details)


def _junit(document: Document, evidence: Document) -> str:
    from reports.junit import render

    return render(document)


def _summary(document: Document, evidence: Document) -> str:
    from reports.summary import render

    return render(document)


def _sarif(document: Document, evidence: Document) -> str:
    from reports.sarif import render

    return render(document, guide())


def _ocsf(document: Document, evidence: Document) -> str:
    from reports.ocsf import render

    return render(document, guide())


MOST_TARGETS = 24
"""An audit page has every reading of every target; of more targets than that it is too long to open."""

FORMATS = (
    Format("audit.html", _audit, most=MOST_TARGETS),
    Format("fleet.html", _fleet, fewest=2),
    Format("junit.xml", _junit),
    Format("summary.md", _summary),
    Format("results.sarif", _sarif, option="sarif"),
    Format("results.ocsf.json", _ocsf, option="ocsf"),
)


def wanted(options: Any, document: Document) -> Sequence[Format]:
    """The formats that are always made, and those that the options ask for, as far as they suit the document."""
    return [
        each
        for each in FORMATS
        if each.suits(document) and (not each.option or getattr(options, each.option))
    ]


class WriterFailed(Exception):
    """A format could not be made; one line that names it."""


def rendered(each: Format, document: Document, evidence: Document) -> str:
    """The text of the artifact; WriterFailed whatever its writer stumbled over."""
    try:
        return each.render(document, evidence)
    # A writer's mistake must neither lose the earlier report nor hide the verdict; it is told with its class.
    except Exception as error:
        raise WriterFailed(f"{each.name} could not be made: {type(error).__name__}: {error}") from error
