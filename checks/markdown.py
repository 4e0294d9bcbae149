"""What the guide's data says, as Markdown: the README's table of requirements, and the page of failure modes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from checks.catalogue import Catalogue, Cause, Requirement
from checks.explanations import ANY, Explanations

SHELL_NAMES = {"posix": "Linux, macOS", "powershell": "PowerShell", "cmd": "cmd"}
FENCES = {"posix": "sh", "powershell": "powershell", "cmd": "bat"}
BENIGN = "Not to confuse with: "
WHO = {
    "locally": "A script can mend it: each run writes one.",
    "person": "A person has to act on this machine.",
    "admin": "It takes rights on the account.",
}


def requirements_table(catalogue: Catalogue) -> str:
    """For each section a heading and a table of its requirements. Ends with a line feed."""
    parts = []
    for section in catalogue.sections:
        rows = [_row(requirement) for requirement in catalogue if requirement.section == section.id]
        lines = [
            f"## {section.id} · {_plain(section.title)}",
            "",
            "| ID | Requirement | Severity | Read | Cases | Causes |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def failure_modes_page(catalogue: Catalogue, worlds: Mapping[str, Sequence[str]]) -> str:
    """A page with every failure mode: symptom, explanation, detection, look-alike, remedies.

    `worlds` are the names of the simulated worlds in which a mode can be seen, by its code.
    """
    lines = [
        "# Failure modes",
        "",
        "What makes Amazon Bedrock refuse a caller whose AWS SSO login is valid, and the neighbouring faults that are taken",
        "for it. Look for the error text that you see; `pytest checks/ --profile NAME` finds out which it is. Modes marked",
        "**→ INV** can answer *The security token included in the request is invalid*.",
        "",
        "Made from `causes.toml` by `python -m checks --failure-modes checks/failure-modes.md`.",
    ]
    for group in catalogue.groups:
        lines += ["", f"## {_plain(group)}"]
        for cause in catalogue.causes:
            if cause.group == group:
                reporters = [r.id for r in catalogue if cause.code in r.causes]
                lines += ["", *_cause(cause, reporters, worlds.get(cause.code, ()))]
    return "\n".join(lines) + "\n"


def explanations_page(
    catalogue: Catalogue, known: Explanations, rests_on: Callable[[str], Sequence[str]]
) -> str:
    """The whole map of explanations: a drawing, and for each requirement what may explain it and what it may explain."""
    upstream = {requirement.id: rests_on(requirement.id) for requirement in catalogue}
    lines = [
        "# What explains what",
        "",
        "A failure that another failure explains is no root cause of its own. An arrow leads from a group of requirements to",
        "what its failures may explain: the groups that they keep from being met, and, rounded, the facts that cannot be had",
        "without them. The table names the requirements, the nearest first. Which of them counts in a run depends on what the",
        "checks meet: `explanations.toml` has the conditions, `pytest checks/ --explain SSO-06` one requirement's part.",
        "",
        "Made from `explanations.toml` and the checks by `python -m checks --explanations checks/explanations.md`.",
        "",
        "```mermaid",
        "flowchart LR",
        *_arrows(known),
        "```",
        "",
        "| Requirement | Rests on | Explains |",
        "|---|---|---|",
    ]
    for name, others in upstream.items():
        explains = [each for each, behind in upstream.items() if name in behind]
        lines.append(f"| {name} | {', '.join(others) or '–'} | {', '.join(explains) or '–'} |")
    return "\n".join(lines) + "\n"


def _arrows(known: Explanations) -> list[str]:
    arrows = [
        (_group(entry.requirement), _group(name))
        for name, entries in known.requirements.items()
        for entry in entries
        if entry.requirement != ANY
    ]
    facts = [
        (_group(entry.requirement), f"{name.replace(' ', '_')}([{name}])")
        for name, entries in known.facts.items()
        for entry in entries
    ]
    return [f"    {one} --> {other}" for one, other in sorted({*arrows, *facts}) if one != other]


def _group(identifier: str) -> str:
    return identifier.partition("-")[0]


def _cause(cause: Cause, reporters: Sequence[str], worlds: Sequence[str]) -> list[str]:
    marks = " **→ INV**" if cause.headline else ""
    lines = [f"### {cause.code} · {_plain(cause.title)}{marks}", "", f"> {_plain(cause.symptom)}", ""]
    lines += [_plain(cause.explanation), "", f"Detected: {_plain(cause.detection)}"]
    if reporters:
        lines[-1] += f" Reported by {', '.join(reporters)}."
    if cause.benign:
        lines += ["", f"{BENIGN}{_plain(cause.benign)}"]
    lines += ["", WHO[cause.fixable], ""]
    texts = {shell: cause.remedy.without_a_run(shell) for shell in SHELL_NAMES}
    same = len({tuple(line.replace("rem ", "# ", 1) for line in text) for text in texts.values()}) == 1
    for shell in list(SHELL_NAMES)[:1] if same else SHELL_NAMES:
        lines += [] if same else [f"{SHELL_NAMES[shell]}:", ""]
        lines += [f"```{FENCES[shell]}", *texts[shell], "```", ""]
    if worlds:
        lines += [f"See it: {', '.join(f'`pytest checks/ --world {world}`' for world in worlds)}"]
    while not lines[-1]:
        lines.pop()
    return lines


def _row(requirement: Requirement) -> str:
    cells = (
        requirement.id,
        _plain(requirement.statement),
        requirement.severity,
        requirement.read,
        f"each of `{requirement.cases_from}`" if requirement.cases_from else _cases(requirement.cases),
        ", ".join(requirement.causes) or "–",
    )
    return f"| {' | '.join(cells)} |"


def _cases(cases: Sequence[str]) -> str:
    """The names of the cases; where they are all pairs of two lists, the two lists."""
    firsts = dict.fromkeys(case.partition("-")[0] for case in cases)
    seconds = dict.fromkeys(case.partition("-")[2] for case in cases)
    if len(firsts) > 1 and len(seconds) > 1 and list(cases) == [f"{a}-{b}" for a in firsts for b in seconds]:
        return f"{_codes(firsts)} × {_codes(seconds)}"
    return _codes(cases) or "–"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _plain(text: str) -> str:
    """`text` so that Markdown shows it as it is, within a table's cell."""
    return re.sub(r"([\\|*<`\[\]])", r"\\\1", text)
