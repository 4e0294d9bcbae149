"""The last screen of a run as rows: what to mend first, what else there is, what was not evaluated, and the verdict again."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import chain
from typing import Any

from fixtures.late import dataclass
from fixtures.privacy.unseen import visible
from reports.causes import alike, joined, most_wanted
from reports.conditions import headline, replayed, share
from reports.consumers import in_short
from reports.page import VERDICT_WORDS, counted, cut, whole_page
from reports.results import SEVERITIES, by_target, reach

WIDTH = 80
ROWS = 30
"""What is seen at once in a window of the usual size; a row that is longer than WIDTH counts as often as it wraps."""
TARGETS = 4
LINE = 2 * WIDTH
LONG = 3 * WIDTH
"""What the first thing to do may take, which stands there whole or not at all, and the evidence of the first root cause."""
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
    """A line of the screen, and pytest's names for how it looks. What goes into a file or pipe is not `wrapped`.

    A `command` is never broken: it has to be one line for who pastes it.
    """

    text: str
    style: Mapping[str, bool] = field(default_factory=dict)
    wrapped: bool = True
    command: bool = False

    def lines(self, width: int) -> list[str]:
        """The text as the lines of a window: prose broken between words, and what goes on further in than it began."""
        if self.command or len(self.text) <= width:
            return [self.text]
        begins = _BEGINS.match(self.text)
        head = begins[0] if begins else ""
        further = 0 if begins and begins[1].strip() else 2
        after = " " * (begins.end(1) + (0 if begins[2] else further)) + (begins[2] or "") if begins else ""
        return textwrap.wrap(
            self.text[len(head) :],
            width,
            initial_indent=head,
            subsequent_indent=after,
            break_long_words=False,
            break_on_hyphens=False,
        )

    @property
    def height(self) -> int:
        """How many rows of a window it takes."""
        if not self.wrapped:
            return 1
        return sum(max(1, -(-len(each) // WIDTH)) for each in self.lines(WIDTH))


_BEGINS = re.compile(r"( *(?:\d+\. |seen   |mend   )?)(# |rem )?")
"""How far in the second line of a row is, and that what goes on of an instruction is no command either."""


def height(rows: Iterable[Row]) -> int:
    """The rows of a window that all of them take."""
    return sum(row.height for row in rows)


def screen(document: Json, tail: Sequence[Row], *, piped: bool = False) -> list[Row]:
    """All rows of results.json's `document`, in ROWS rows of WIDTH columns with the `tail`; at the end the verdict again.

    In a fleet of more than TARGETS the worst are shown, and the others counted. Each that is shown has at least its name,
    the first of its root causes, and how many others there are. In what is `piped`, to a file or a program, root causes
    have no columns that they must fit in.
    """
    causes = by_target(document["root_causes"])
    ranked = sorted(document["targets"], key=lambda target: _rank(target, causes.get(target["id"], ())))
    shown = ranked[:TARGETS]
    others = _others(document, ranked[TARGETS:])
    last = [*_last(document, causes.get(ranked[0]["id"], ()) if ranked else ())]
    room = ROWS - height([*tail, *last, *_simulated(document), *others])
    rows = [*_simulated(document)]
    principals: set[str] = set()
    blocks = []
    for number, target in enumerate(shown):
        blocks.append(_Block(document, target, first=number == 0, known=principals, piped=piped))
        principals.add(target["principal"])
    # Where there is no root cause, what keeps a target from being judged is what there is to mend: of one it is told whole.
    for block in [each for each in blocks if not each.has_causes][:1]:
        block.tells = True
    made = []
    for number, block in enumerate(blocks):
        made.append(block.rows(room - sum(each.least for each in blocks[number + 1 :])))
        room -= height(made[-1])
    # That all targets have their causes comes before one has what mends its others.
    told: set[tuple[Any, ...]] = set()
    if piped:
        room = ROWS - len([*rows, *chain(*made), *others, *tail, *last])
    for block, own in zip(blocks, made, strict=True):
        room -= block.mend_others(own, room, told)
        rows += own
    return [*rows, *others, *tail, *last]


def _others(document: Json, targets: Sequence[Json]) -> list[Row]:
    """What a fleet has besides the targets that are shown, with the names of some that are not compliant."""
    if not targets:
        return []
    names = {target["id"] for target in targets}
    causes = len(joined(cause for cause in document["root_causes"] if cause["target"] in names))
    having = f" with {counted(causes, 'root cause')}" if causes else ""
    told = f"and {counted(len(targets), 'other target')}{having}, in {whole_page(document)}"
    bad = [visible(target["id"]) for target in targets if target["verdict"] != "compliant"]
    for number, name in enumerate(bad):
        more = f"{told}{', ' if number else ': '}{name}"
        if len(more) > WIDTH - len(", …"):
            return [Row(f"{told}, …" if number else told)]
        told = more
    return [Row(told)]


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
    if told := replayed(run):
        rows.append(Row(f"{told}: nothing was read for this run", {"yellow": True}))
    if run.get("shard"):
        rows.append(Row(share(run["shard"], len(document["targets"]))))
    return rows


def _rank(target: Json, causes: Sequence[Json]) -> tuple[Any, ...]:
    """The worst first: by verdict, then by the gravest root cause and how much is behind the root causes."""
    gravest = min((SEVERITIES.index(cause["severity"]) for cause in causes), default=len(SEVERITIES))
    behind = sum(cause["explains"] + cause["blocks"] for cause in causes)
    return list(COLOURS)[::-1].index(target["verdict"]) if not causes else -1, gravest, -behind, target["id"]


def _who(document: Json, target: Json, known: Collection[str] = ()) -> list[Row]:
    """Which target it is, and its verdict in each scope; who called, where that is not `known` from another target."""
    gate = document["run"]["gate"]
    words = {**VERDICT_WORDS}
    if gate != "low":
        words["compliant"] = f"passes gate {gate}"
    scopes, verdicts = target["scopes"], {*target["scopes"].values()}
    each = "; ".join(f"{scope}: {words[verdict]}" for scope, verdict in scopes.items())
    told = " and ".join(scopes) if verdicts == {target["verdict"]} else each
    which = f"{target['id']}: {words[target['verdict']]}{f' ({told})' if len(scopes) > 1 else ''}"
    principal = target["principal"] if target["principal"] not in known else None
    who = f", as {principal}" if principal else ""
    if principal and len(which + who) > LINE:
        # Of a principal the end tells more than the beginning.
        who = f", as {principal.rpartition(':')[2]}"
    return [Row(line(which + who), {"bold": True, **COLOURS[target["verdict"]]})]


class _Block:
    """What is said of one target, in the room that there is for it: the `first` is the one that the reader came for."""

    def __init__(
        self, document: Json, target: Json, *, first: bool, known: Collection[str], piped: bool
    ) -> None:
        self._piped, self._first, self._page = piped, first, whole_page(document)
        self._causes = [cause for cause in document["root_causes"] if cause["target"] == target["id"]]
        self._head = _who(document, target, known)
        self._behind: dict[int, Row] = {}
        self.has_causes, self.tells = bool(self._causes), False
        results = by_target(document["results"]).get(target["id"], ())
        self._unread = _not_evaluated(results, self._page)
        self._count = sum(result["status"] == "inconclusive" for result in results)
        self._callers = _callers(target.get("callers", []))
        self._programs = [
            Row(line(f"  {told}")) for told in in_short(target["id"], document.get("consumers", []))
        ]

    @property
    def least(self) -> int:
        """The rows that it takes in any case."""
        return height([*self._head, *self._lead(1), *(self._unread if self.tells else self._left())])

    def _lead(self, most: int) -> list[Row]:
        """The first root cause, in `most` rows where that is to be had: whole, where the target is the first."""
        if not self._causes:
            return []
        if self._first:
            return _whole(1, self._causes[0], self._piped, most, self._page)
        long, short = (_short(1, self._causes[0], self._piped, brief=brief) for brief in (False, True))
        return [long if long.height <= most else short]

    def _left(self, shown: Collection[int] = (0,), *, unread: bool = True) -> list[Row]:
        """How many root causes there are besides those at `shown`, how many results are `unread`, and where they are."""
        left = [cause for place, cause in enumerate(self._causes) if place not in shown]
        parts = [f"and {len(left)} more"] if left else []
        parts += [f"{self._count} not evaluated"] if unread and self._count else []
        if not parts:
            return []
        named = ", ".join(dict.fromkeys(cause["requirement"] for cause in left))
        told = f"{', '.join(parts)}, in {self._page}{f': {named}' if named else ''}"
        return [Row(f"  {cut(told, COMMAND if self._piped else WIDTH - 2)}", wrapped=not self._piped)]

    def rows(self, room: int) -> list[Row]:
        """In `room` rows, or in those that it takes in any case."""
        left = room - height([*self._head, *self._left()])
        # A half of the window, or what the others do not need: a policy statement is long, and is the remedy.
        spared = room - height([*self._head, *self._unread]) - len(self._causes) + 1
        rows = [*self._head, *self._lead(max(min(left, ROWS // 2), spared))]
        brief = height([*rows, *self._left(unread=False), *self._unread]) > room
        unread = [] if brief else self._unread
        callers = self._callers if height(self._callers) < room // 2 else []
        spare = height([*unread, *self._programs, *callers])
        first, *others = most_wanted(self._causes) or [0]
        shown, behind = {first}, self._behind
        for place in others:
            # That all have a row comes before that one has two.
            long, row = (
                _short(place + 1, self._causes[place], self._piped, brief=each) for each in (False, True)
            )
            taken = height([*rows, *behind.values()])
            rest = len(others) - len(shown) + height(self._left(range(len(self._causes)), unread=brief))
            if taken + long.height + spare + rest <= room:
                row = long
            elif taken + height([row, *self._left({*shown, place}, unread=brief)]) + spare > room:
                break
            behind[place] = row
            shown.add(place)
        rows += [behind[place] for place in sorted(behind)]
        rows += self._left(shown, unread=brief)
        for more in (self._callers, self._programs):
            if height([*rows, *more, *unread]) <= room:
                rows += more
        return [*rows, *unread]

    def mend_others(self, rows: list[Row], room: int, known: set[tuple[Any, ...]]) -> int:
        """Puts into its `rows` how each root cause behind the first begins to be mended; how much of `room` that takes.

        Those that are `known` from another target are left out, and those that are told added to them.
        """
        taken = len if self._piped else height
        before, behind = taken(rows), self._behind
        keys = [alike(cause) for cause in self._causes]
        known.update(keys[: self._first])
        if not behind:
            return 0
        first = rows.index(behind[min(behind)])
        told = {place: [row] for place, row in sorted(behind.items())}

        def changed(place: int, block: list[Row]) -> None:
            last = first + sum(map(len, told.values()))
            made = [row for block_of in {**told, place: block}.values() for row in block_of]
            if taken([*rows[:first], *made, *rows[last:]]) - before <= room:
                rows[first:last], told[place] = made, block

        order = [place for place in most_wanted(self._causes) if place in behind and keys[place] not in known]
        steps = {place: _steps(self._causes[place]["remedy"], self._page, self._piped) for place in order}
        # That all have something comes before that one has all, and of one what mends it before what it is behind.
        for place in order:
            if steps[place]:
                short = _short(place + 1, self._causes[place], self._piped, brief=True)
                changed(place, [short, *steps[place][-1]])
        for place in order:
            if len(told[place]) > 1:
                changed(place, [told[place][0], *steps[place][0]])
        for place in order:
            changed(place, [behind[place], *told[place][1:]])
        known.update(keys[place] for place in order if len(told[place]) > 1)
        return taken(rows) - before


def _steps(remedy: Sequence[str], page: str, piped: bool) -> list[list[Row]]:
    """What a remedy begins with, as rows below its root cause: whole, and where it is an edit also its place alone; none
    where it can not be shown whole."""
    instruction, command = _begun(remedy, page)
    mark = _INSTRUCTION.match(remedy[0]) if remedy else None
    place = _EDIT.match(remedy[0], mark.end()) if mark else None
    forms = [(instruction, command), *([(f"{place[0]} see {page}", "")] if place else [])]
    told = []
    for says, runs in forms:
        rows = [Row(f"     mend   {mark[0]}{visible(says)}", wrapped=not piped)] if mark and says else []
        if runs:
            rows.append(Row(f"     {'    ' if rows else 'mend'}   {visible(runs)}", command=True))
        told.append(rows)
    return [rows for rows in told if rows]


def _code(cause: Json) -> str:
    case = f" [{cause['case']}]" if cause["case"] else ""
    behind = f" ({reach(cause)})" if reach(cause) else ""
    return f"{_which(cause)}{case}, {cause['severity']}{behind}"


def _which(cause: Json) -> str:
    return f"{cause['requirement']} {cause['cause'] or ''}".strip()


def _whole(number: int, cause: Json, piped: bool, most: int, page: str) -> list[Row]:
    """What is wrong, the evidence, and what mends it, in `most` rows: commands whole, or not at all."""
    title = cut(visible(cause["title"]), LINE)
    rows = [Row(f"  {number}. {title}, {visible(_code(cause))}", {"red": True, "bold": True})]
    seen = cut(visible(cause["observed"]), COMMAND if piped else LONG - 12)
    rows.append(Row(f"     seen   {seen}", wrapped=not piped))
    lacks = False
    for position, remedy in enumerate(cause["remedy"]):
        shown = pasted(remedy)
        row = Row(
            f"     {'mend' if position == 0 else '    '}   {shown}", command=not _INSTRUCTION.match(shown)
        )
        lacking = lacks or _lacks_an_id(shown)
        if position and height([*rows, row]) + (position + 1 < len(cause["remedy"]) or lacking) > most:
            more = f"more is in {page}; {_WRITTEN_OUT}" if lacks else f"more of it is in {page}"
            rows.append(Row(f"            # {more}"))
            break
        rows.append(row)
        lacks = lacking
    else:
        rows += [Row(f"            # {_WRITTEN_OUT}")] if lacks else []
    return rows


_WRITTEN_OUT = f"--show-account-ids has what {HIDDEN} hides"


def _lacks_an_id(instruction: str) -> bool:
    """Whether it has a policy to paste in which an account ID is hidden; of a command `pasted` says so itself."""
    return HIDDEN in instruction and '{"' in instruction and bool(_INSTRUCTION.match(instruction))


def _short(number: int, cause: Json, piped: bool, *, brief: bool) -> Row:
    """What is wrong. A `brief` one takes one row: of the code it has what there is room for, and then of the title."""
    title = visible(cause["title"])
    forms = [_code(cause), f"{_which(cause)}, {cause['severity']}", cause["requirement"]]
    whole = [f"  {number}. {cut(title, COMMAND if piped else LINE)}, {form}" for form in forms]
    if piped or not brief:
        text = whole[0]
    else:
        room = WIDTH - len(f"  {number}. , {forms[-1]}")
        cramped = f"  {number}. {cut(title, room)}, {forms[-1]}"
        text = next((each for each in whole if len(each) <= WIDTH), cramped)
    return Row(text, {"red": True}, wrapped=not piped)


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


def _not_evaluated(results: Iterable[Json], page: str) -> list[Row]:
    """What could not be read: by the action that was denied where one was, else by the reason."""
    unread = [result for result in results if result["status"] == "inconclusive"]
    if not unread:
        return []
    groups: dict[str, list[str]] = {}
    for result in unread:
        reason = _allowing(result["missing_actions"]) or result["reason"]
        groups.setdefault(reason, []).append(result["requirement"])
    rows = [Row(f"  not evaluated: {len(unread)}", {"yellow": True})]
    for reason, requirements in list(groups.items())[:REASONS]:
        named = list(dict.fromkeys(requirements))
        few = ", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")
        rows.append(Row(f"     {few}: {cut(visible(reason), LONG)}"))
    if more := [*groups][REASONS:]:
        rows.append(Row(f"     and {counted(len(more), 'reason')} more, in {page}"))
        left = (result for result in unread if _allowing(result["missing_actions"]) in more)
        actions = {action for result in left for action in result["missing_actions"]}
        rows += [Row(line(f"     {_allowing(actions)}"))] if actions else []
    if any("auditor-role.yaml" in (result["reason"] or "") for result in unread):
        rows.append(
            Row("     auditor-role.yaml, beside the reports, lets the auditor in: create a StackSet of it")
        )
    return rows


def _allowing(actions: Collection[str]) -> str:
    """Which IAM actions would let it be read; empty where none is known."""
    if len(actions) > ACTIONS:
        return f"the {len(actions)} IAM actions in auditor-policy.json would allow it"
    these = "this IAM action" if len(actions) == 1 else "these IAM actions"
    return f"{these} would allow it: {', '.join(sorted(actions))}" if actions else ""


def _last(document: Json, causes: Sequence[Json]) -> Iterator[Row]:
    """The verdict with its conditions, and what is to be done first: of the first root cause, not of one behind it."""
    yield Row(line(f"verdict: {headline(document)}"), {"bold": True, **COLOURS[document["verdict"]]})
    instruction, command = _begun(causes[0]["remedy"], whole_page(document)) if causes else ("", "")
    if instruction:
        yield Row(f"first: {visible(instruction)}", {"bold": True})
    if command:
        yield Row(
            f"{'       ' if instruction else 'first: '}{visible(command)}", {"bold": True}, command=True
        )


def _begun(remedy: Sequence[str], page: str) -> tuple[str, str]:
    """The first step of a remedy: the instruction and the command, either of which may be empty."""
    step = first_step(remedy, page) or ""
    command = next((each for each in remedy if is_command(each) and step.endswith(each)), "")
    return step.removesuffix(command).rstrip(), command


def first_step(remedy: Sequence[str], page: str = "the report") -> str | None:
    """The command or the instruction that a remedy begins with; None where it can not be shown whole, or be pasted.

    An instruction is a whole sentence: what it goes on with in the next line stands with it, and what a colon at its end
    leads to, where there is room for both; else it says that this is in `page`.
    """
    room = LONG - len("first: ")
    lines = [*remedy]
    if lines and is_command(lines[0]):
        return lines[0] if len(lines[0]) <= room else None
    step = _instruction(lines.pop(0)) if lines else None
    if step is None:
        return None
    while lines and (more := _instruction(lines[0])) and _goes_on(step, more):
        step, lines = f"{step} {more}", lines[1:]
    both = f"{step} {lines[0]}" if step.endswith(":") and lines and is_command(lines[0]) else ""
    if 0 < len(both) <= room:
        return both
    if not step.endswith(":") and len(step) <= room:
        return step
    sentences = re.match(r".*(?=[;.] )", step[:room])
    if sentences:
        return sentences[0]
    step = step.removesuffix(", then:")
    step = f"{step} see {page}" if step.endswith(":") else step
    return step if 0 < len(step) <= room else None


_INSTRUCTION = re.compile(r"(# |rem )")
_EDIT = re.compile(r"edit .{,50}?:(?= )")
_ANEW = re.compile(r"[^a-z]|(all|edit|or|then|until|where)\b")
"""How a line of a remedy begins that does not go on with the sentence of the line before it."""


def _instruction(text: str) -> str | None:
    """A line of a remedy without its mark, where it is an instruction."""
    return _INSTRUCTION.sub("", text, count=1) if _INSTRUCTION.match(text) else None


def _goes_on(step: str, more: str) -> bool:
    return not step.endswith(":") and (step.endswith((",", ";")) or not _ANEW.match(more))


def is_command(text: str) -> bool:
    """Whether a line of a remedy can be pasted as it stands: no instruction, and nothing in it is hidden or left open."""
    return not _INSTRUCTION.match(text) and HIDDEN not in text and not re.search(r"<[a-z_-]+>", text)


def pasted(text: str) -> str:
    """A line of a remedy as it is shown: a command whole or not at all, and as prose where it would not run."""
    if len(text) > COMMAND:
        return "# a line too long for here is in the report"
    if HIDDEN in text and not _INSTRUCTION.match(text):
        return visible(f"# with --show-account-ids: {text}")
    return visible(text)


def line(text: str) -> str:
    """Foreign text as one line in which nothing moves the cursor, changes colours or turns the writing direction."""
    indent = len(text) - len(text.lstrip(" "))
    return " " * indent + cut(visible(text.lstrip(" ")), LINE - indent)
