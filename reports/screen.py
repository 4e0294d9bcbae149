"""The last screen of a run as rows: what to mend first, what else there is, what was not evaluated, and the verdict again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from fixtures.late import dataclass
from fixtures.privacy.unseen import visible
from reports.conditions import VERDICTS_IN_WORDS, headline, share
from reports.consumers import in_short
from reports.page import counted, cut
from reports.results import SEVERITIES, by_target, reach

WIDTH = 80
ROWS = 30
"""What is seen at once in a window of the usual size; a row that is longer than WIDTH counts as often as it wraps."""
TARGETS = 4
LINE = 2 * WIDTH
COMMAND = 2_000
CELL = 60
HIDDEN = "****"
"""What stands in place of an account ID or a principal (--show-account-ids)."""
REASONS = 3
ACTIONS = 3
COLOURS: Mapping[str, Mapping[str, bool]] = {
    "compliant": {"green": True},
    "non_compliant": {"red": True},
    "incomplete": {"yellow": True},
}

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A line of the screen, and pytest's names for how it looks. What goes into a file or pipe is not `wrapped`."""

    text: str
    style: Mapping[str, bool] = field(default_factory=dict)
    wrapped: bool = True

    @property
    def height(self) -> int:
        """How many rows of a window it takes."""
        return max(1, -(-len(self.text) // WIDTH)) if self.wrapped else 1


def height(rows: Iterable[Row]) -> int:
    """The rows of a window that all of them take."""
    return sum(row.height for row in rows)


def screen(document: Json, tail: Sequence[Row], *, piped: bool = False) -> list[Row]:
    """All rows of results.json's `document`, in ROWS rows of WIDTH columns with the `tail`; at the end the verdict again.

    In a fleet of more than TARGETS the worst are shown, and the others counted. In what is `piped`, to a file or a program,
    root causes have no columns that they must fit in.
    """
    causes = by_target(document["root_causes"])
    shown = sorted(document["targets"], key=lambda target: _rank(target, causes.get(target["id"], ())))[
        :TARGETS
    ]
    others = len(document["targets"]) - len(shown)
    last = [*_last(document)]
    room = ROWS - height(tail) - height(last) - height(_simulated(document)) - (1 if others else 0)
    blocks: list[list[Row]] = []
    for number, target in enumerate(shown):
        left = room - sum(height(block) for block in blocks)
        # What the targets behind it take at least: their names, and the first of their root causes.
        least = sum(
            height(_who(document, each)) + 2 * bool(_causes(document, each)) for each in shown[number + 1 :]
        )
        blocks.append(_target(document, target, max(left - least, 3), first=number == 0, piped=piped))
    # Whatever was too long, the last targets lose it first, and keep their names.
    for block in reversed(blocks):
        while len(block) > 1 and sum(map(height, blocks)) > room:
            block.pop()
    rows = [*_simulated(document), *(row for block in blocks for row in block)]
    if others:
        rows.append(Row(f"and {counted(others, 'other target')}, in the report"))
    return [*rows, *tail, *last]


def _simulated(document: Json) -> list[Row]:
    run = document["run"]
    rows = []
    if run["simulated"]:
        rows.append(
            Row(
                line(f"SIMULATED: world {run['world']!r}, no real machine or account was judged"),
                {"yellow": True},
            )
        )
    if run.get("shard"):
        rows.append(Row(share(run["shard"], len(document["targets"]))))
    return rows


def _causes(document: Json, target: Json) -> list[Json]:
    return [cause for cause in document["root_causes"] if cause["target"] == target["id"]]


def _rank(target: Json, causes: Sequence[Json]) -> tuple[Any, ...]:
    """The worst first: by verdict, then by the gravest root cause and how much is behind the root causes."""
    gravest = min((SEVERITIES.index(cause["severity"]) for cause in causes), default=len(SEVERITIES))
    behind = sum(cause["explains"] + cause["blocks"] for cause in causes)
    return list(COLOURS)[::-1].index(target["verdict"]) if not causes else -1, gravest, -behind, target["id"]


def _who(document: Json, target: Json) -> list[Row]:
    gate = document["run"]["gate"]
    words = {name: word.partition(":")[0] for name, word in VERDICTS_IN_WORDS.items()}
    if gate != "low":
        words["compliant"] = f"passes gate {gate}"
    scopes = "; ".join(f"{scope}: {words[verdict]}" for scope, verdict in target["scopes"].items())
    who = f", as {target['principal']}" if target["principal"] else ""
    told = f"{target['id']}: {words[target['verdict']]}{f' ({scopes})' if len(target['scopes']) > 1 else ''}{who}"
    return [Row(line(told), {"bold": True, **COLOURS[target["verdict"]]})]


def _target(document: Json, target: Json, room: int, *, first: bool, piped: bool) -> list[Row]:
    rows = _who(document, target)
    unread = _not_evaluated(by_target(document["results"]).get(target["id"], ()))
    callers = _callers(target.get("callers", []))
    programs = [Row(line(f"  {told}")) for told in in_short(target["id"], document.get("consumers", []))]
    causes = _causes(document, target)
    spare = height([*unread, *programs]) + (height(callers) if height(callers) < room // 2 else 0)
    for number, cause in enumerate(causes, 1):
        more = 1 if number < len(causes) else 0
        whole = _whole(number, cause, piped) if first and number == 1 else [_short(number, cause, piped)]
        # The first cause is shown whole whatever it takes: it is what the reader came for.
        if height([*rows, *whole]) + more + spare > room and number > 1:
            rest = ", ".join(dict.fromkeys(cause["requirement"] for cause in causes[number - 1 :]))
            more_of_them = f"and {len(causes) - number + 1} more, in the report: {rest}"
            rows.append(Row("  " + cut(more_of_them, COMMAND if piped else WIDTH - 2), wrapped=not piped))
            break
        rows += whole
    if height([*rows, *unread, *programs, *callers]) <= room:
        rows += callers
    if height([*rows, *unread, *programs]) <= room:
        rows += programs
    return [*rows, *unread]


def _code(cause: Json) -> str:
    code = f"{cause['requirement']} {cause['cause'] or ''}".strip()
    case = f" [{cause['case']}]" if cause["case"] else ""
    behind = f" ({reach(cause)})" if reach(cause) else ""
    return f"{code}{case}, {cause['severity']}{behind}"


def _whole(number: int, cause: Json, piped: bool) -> list[Row]:
    """What is wrong, the evidence, and what mends it: commands whole, or not at all."""
    rows = [Row(line(f"  {number}. {cause['title']}, {_code(cause)}"), {"red": True, "bold": True})]
    seen = cut(visible(cause["observed"]), COMMAND if piped else LINE - 12)
    rows.append(Row(f"     seen   {seen}", wrapped=not piped))
    for position, remedy in enumerate(cause["remedy"]):
        row = Row(f"     {'mend' if position == 0 else '    '}   {pasted(remedy)}")
        if position and height([*rows, row]) > ROWS // 2:
            rows.append(Row("            # more of it is in the report"))
            break
        rows.append(row)
    return rows


def _short(number: int, cause: Json, piped: bool) -> Row:
    code = _code(cause)
    title = cut(visible(cause["title"]), COMMAND if piped else max(WIDTH - len(code) - 8, 30))
    return Row(f"  {number}. {title}  {code}", {"red": True}, wrapped=not piped)


def _callers(rows: Sequence[Mapping[str, str]]) -> list[Row]:
    """Where the ways to call AWS differ: what each gets."""
    if not rows:
        return []
    columns = ("who", "provider", "region", "identity")
    head = {"who": "the caller is", "provider": "from", "region": "in", "identity": "as"}
    table = [{column: cut(visible(row[column]), CELL) for column in columns} for row in (head, *rows)]
    widths = {column: max(len(row[column]) for row in table) for column in columns}
    return [
        Row(
            f"  {'  '.join(f'{row[column]:<{widths[column]}}' for column in columns)}".rstrip(),
            {"bold": number == 0},
        )
        for number, row in enumerate(table)
    ]


def _not_evaluated(results: Iterable[Json]) -> list[Row]:
    """What could not be read: by the action that was denied where one was, else by the reason."""
    unread = [result for result in results if result["status"] == "inconclusive"]
    if not unread:
        return []
    groups: dict[str, list[str]] = {}
    for result in unread:
        missing = ", ".join(result["missing_actions"])
        groups.setdefault(f"{missing} denied" if missing else result["reason"], []).append(
            result["requirement"]
        )
    rows = [Row(f"  not evaluated: {len(unread)}", {"yellow": True})]
    for reason, requirements in list(groups.items())[:REASONS]:
        named = list(dict.fromkeys(requirements))
        few = ", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")
        rows.append(Row(line(f"     {few}: {reason}")))
    if len(groups) > REASONS:
        rows.append(Row(f"     and {len(groups) - REASONS} reasons more, in the report"))
    return [*rows, *_missing(unread)]


def _missing(unread: Iterable[Json]) -> Iterator[Row]:
    actions = sorted({action for result in unread for action in result["missing_actions"]})
    if len(actions) > ACTIONS:
        yield Row(f"     would be, with: the {len(actions)} actions in auditor-policy.json")
    elif actions:
        yield Row(line(f"     would be, with: {', '.join(actions)}"))
    if any("auditor-role.yaml" in (result["reason"] or "") for result in unread):
        yield Row("     auditor-role.yaml, beside the reports, lets the auditor in: create a StackSet of it")


def _last(document: Json) -> Iterator[Row]:
    """The verdict with its conditions, and what is to be done first: of the first root cause, not of one behind it."""
    yield Row(line(f"verdict: {headline(document)}"), {"bold": True, **COLOURS[document["verdict"]]})
    step = first_step(document["root_causes"][0]["remedy"]) if document["root_causes"] else None
    if step:
        yield Row(f"first: {visible(step)}", {"bold": True})


def first_step(remedy: Sequence[str]) -> str | None:
    """The command or the instruction that a remedy begins with; None where it can not be shown whole, or be pasted.

    What an instruction with a colon at its end leads to stands with it, where there is room for both.
    """
    room = LINE - len("first: ")
    step, *after = remedy or [""]
    instruction = step.removeprefix("# ").removeprefix("rem ")
    if instruction == step and not is_command(step):
        return None
    if instruction.endswith(":"):
        both = f"{instruction} {after[0]}" if after and is_command(after[0]) else ""
        instruction = both if 0 < len(both) <= room else instruction.removesuffix(":").removesuffix(", then")
    return instruction if 0 < len(instruction) <= room else None


def is_command(text: str) -> bool:
    """Whether a line of a remedy can be pasted as it stands: no instruction, and nothing in it is hidden or left open."""
    return not text.startswith(("# ", "rem ")) and HIDDEN not in text and not re.search(r"<[a-z_-]+>", text)


def pasted(text: str) -> str:
    """A line of a remedy as it is shown: a command whole or not at all, and as prose where it would not run."""
    if len(text) > COMMAND:
        return "# a line too long for here is in the report"
    if HIDDEN in text and not text.startswith(("# ", "rem ")):
        return visible(f"# with --show-account-ids: {text}")
    return visible(text)


def line(text: str) -> str:
    """Foreign text as one line in which nothing moves the cursor, changes colours or turns the writing direction."""
    indent = len(text) - len(text.lstrip(" "))
    return " " * indent + cut(visible(text.lstrip(" ")), LINE - indent)
