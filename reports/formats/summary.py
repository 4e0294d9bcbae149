"""summary.md: one page for a CI step summary, in GitHub's Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fixtures.privacy.unseen import visible
from reports.causes import common, joined
from reports.compare import tally
from reports.conditions import headline
from reports.formats import Format
from reports.page import VERDICT_WORDS, WORDS, WORST_FIRST, counted, cut
from reports.results import VERDICTS, reach

Json = Mapping[str, Any]

CAUSES_SHOWN = 10
REMEDIES_OF = 4
"""Of more targets than that root causes are a line each, without their remedies."""
FLEET_CAUSES_SHOWN = 30
TARGETS_SHOWN = 20
REASONS_SHOWN = 10
REMEDY_LINES = 12
LINE = 300


def render(document: Json, evidence: Json) -> str:
    """The page: verdict, counts, root causes with remedies, what changed, waivers, what was not evaluated."""
    parts = [_head(document), _counts(document), _targets(document), _causes(document)]
    parts += [_changes(document), _missing(document), _waivers(document), _unread(document), _foot(document)]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str, length: int = LINE) -> str:
    """Foreign text as one line of Markdown that shows it as it is: no markup, no link, no mention, nothing invisible."""
    # $ begins a formula there, @ and # a mention, ~ a deletion, & an entity.
    line = re.sub(r"([\\`*_{}\[\]()<>#|~!&@$])", r"\\\1", cut(visible(text), length))
    # GitHub makes links of bare addresses.
    return re.sub(r"(?i)\b(https?|ftp|mailto|xmpp):", r"\1\\:", line).replace("www.", "www\\.")


def fenced(lines: Iterable[str], language: str = "") -> str:
    """The lines as a block of code, within a fence that none of them can close."""
    body = [cut(visible(line), 1000) for line in lines]
    longest = max((len(run) for line in body for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *body, fence])


def _head(document: Json) -> str:
    lines = [f"# {document['suite']['name']}: {plain(headline(document).removesuffix('; SIMULATED'))}"]
    run = document["run"]
    if run["simulated"]:
        world = f"world {plain(str(run['world']))}; " if run["world"] else ""
        lines += [
            "",
            f"**SIMULATED**: {world}no real machine or account was judged.",
        ]
    return "\n".join(lines)


def counts_line(document: Json) -> str:
    """The counts in one line, all statuses, worst first; `verify` reads it back."""
    counts = ", ".join(f"{document['counts'][status]} {WORDS[status].lower()}" for status in WORST_FIRST)
    return f"{counted(sum(document['counts'].values()), 'check')}: {counts}."


def _counts(document: Json) -> str:
    gate = document["run"]["gate"]
    below = f" Findings below {gate} do not decide the verdict." if gate != "low" else ""
    return counts_line(document) + below


def _details(document: Json) -> str:
    """The page that has the details."""
    return "audit.html" if len(document["targets"]) == 1 else "fleet.html"


def _targets(document: Json) -> str:
    """The targets with their verdicts, those first that have the most root causes."""
    causes = Counter(cause["target"] for cause in document["root_causes"])
    worst_first = sorted(
        document["targets"], key=lambda t: (VERDICTS.index(t["verdict"]), -causes[t["id"]], t["id"])
    )
    rows = [
        f"| {plain(target['id'])} | {plain(target['account'] or 'not known')} | {VERDICT_WORDS[target['verdict']]} | "
        + ", ".join(
            f"{scope} {VERDICT_WORDS[verdict]}"
            for scope, verdict in sorted(target["scopes"].items(), reverse=True)
        )
        + " |"
        for target in worst_first[:TARGETS_SHOWN]
    ]
    more = len(document["targets"]) - TARGETS_SHOWN
    table = "\n".join(["| Target | Account | Verdict | Scopes |", "|---|---|---|---|", *rows])
    verdicts = Counter(target["verdict"] for target in document["targets"])
    head = ", ".join(f"{verdicts[v]} {WORDS[v].lower()}" for v in VERDICTS if verdicts[v])
    parts = (
        [f"{counted(len(rows) + max(more, 0), 'target')}: {head}."] if len(document["targets"]) > 1 else []
    )
    parts += [table, *([f"{more} more targets are in {_details(document)}."] if more > 0 else [])]
    return "\n\n".join(parts)


def _causes(document: Json) -> str:
    causes = document["root_causes"]
    if not causes:
        return ""
    several = len(document["targets"]) > 1
    if len(document["targets"]) > REMEDIES_OF:
        return _common_causes(document)
    found = joined(causes)
    parts = [f"## Root causes, {'target by target, ' if several else ''}first to mend first"]
    for number, each in enumerate(found[:CAUSES_SHOWN], 1):
        cause = each.as_one()
        code = " ".join(filter(None, (cause["requirement"], cause["cause"], cause["case"])))
        behind = f", {reach(cause)}" if reach(cause) else ""
        remedy = [*cause["remedy"][:REMEDY_LINES]]
        if len(cause["remedy"]) > REMEDY_LINES:
            remedy.append(f"# and {len(cause['remedy']) - REMEDY_LINES} more lines, in audit.html")
        where = f": {', '.join(plain(target, 80) for target in each.targets)}" if several else ""
        parts.append(f"**{number}. {plain(cause['title'])}** ({plain(code)}{behind}){where}")
        parts.append(plain(cause["observed"]))
        parts.append(fenced(remedy, "sh"))
    if len(found) > CAUSES_SHOWN:
        parts.append(f"{len(found) - CAUSES_SHOWN} more are in audit.html.")
    return "\n\n".join(parts)


def _common_causes(document: Json) -> str:
    """A fleet's root causes: a line each, the gravest first, and of these what most targets have."""
    lines = ["## Root causes, the gravest first", ""]
    found = common(document["root_causes"])
    for cause in found[:FLEET_CAUSES_SHOWN]:
        code = " ".join(filter(None, (cause.requirement, cause.code)))
        shown = ", ".join(plain(target, 60) for target in cause.targets[:3])
        rest = f" and {len(cause.targets) - 3} more" if len(cause.targets) > 3 else ""
        where = f"{len(cause.targets)} of {counted(len(document['targets']), 'target')}"
        lines.append(
            f"- **{where}** ({cause.severity}): {plain(cause.title, 160)} ({plain(code)}): {shown}{rest}"
        )
    if len(found) > FLEET_CAUSES_SHOWN:
        lines.append(f"- {len(found) - FLEET_CAUSES_SHOWN} more are in {_details(document)}")
    return "\n".join(lines)


def _changes(document: Json) -> str:
    comparison = document["comparison"]
    if comparison is None:
        return ""
    against = comparison["against"]
    lines = [f"## Since {plain(against['finished'])}", "", f"{tally(comparison)}."]
    lines += [f"- {plain(notice)}" for notice in comparison["notices"]]
    worse = [c for c in comparison["changes"] if c["now"] == "non_compliant" and c["change"] != "unchanged"]
    if worse:
        names = [
            plain(" ".join(filter(None, (c["requirement"], c["case"], c["target"]))), 100) for c in worse[:15]
        ]
        rest = f" and {len(worse) - 15} more" if len(worse) > 15 else ""
        lines += ["", f"Not compliant now, and not so then: {'; '.join(names)}{rest}."]
    if len(comparison["trend"]) > 2:
        trend = " → ".join(str(point["open"]) for point in comparison["trend"][-12:])
        lines += ["", f"Open findings over the last runs: {trend}."]
    return "\n".join(lines)


def _missing(document: Json) -> str:
    merged = document["merged"]
    if merged is None:
        return ""
    lines = [f"Joined from {len(merged['shards'])} runs."]
    for what in ("missing", "unexpected"):
        if merged[what]:
            shown = ", ".join(plain(target, 80) for target in merged[what][:20])
            rest = f" and {len(merged[what]) - 20} more" if len(merged[what]) > 20 else ""
            lines.append(f"**{len(merged[what])} {what} targets**: {shown}{rest}.")
    damaged = merged.get("damaged", ())
    if damaged:
        reports = "report" if len(damaged) == 1 else "reports"
        told = "; ".join(f"{plain(d['folder'], 80)}: {plain(d['problems'][0], 160)}" for d in damaged[:10])
        rest = f"; and {len(damaged) - 10} more" if len(damaged) > 10 else ""
        lines.append(f"**{len(damaged)} damaged {reports}**, joined as far as they go: {told}{rest}.")
    lines += [plain(notice) for notice in merged["notices"]]
    return "\n\n".join(lines)


def _waivers(document: Json) -> str:
    waivers = document["waivers"]
    if not waivers:
        return ""
    rows = [
        f"| {plain(w['id'], 60)} | {plain(w['requirement'])} | {plain(w['approved_by'], 60)} | {w['expires']} | "
        f"{w['state'].replace('_', ' ')} | {plain(w['warning'] or '')} |"
        for w in waivers[:TARGETS_SHOWN]
    ]
    more = (
        f"\n\n{len(waivers) - TARGETS_SHOWN} more are in {_details(document)}."
        if len(waivers) > TARGETS_SHOWN
        else ""
    )
    head = [
        "## Waivers",
        "",
        "| ID | Requirement | Approved by | Until | State | |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + more


def _unread(document: Json) -> str:
    reasons: dict[str, dict[str, None]] = {}
    actions: set[str] = set()
    unread = 0
    for row in document["results"]:
        if row["status"] == "inconclusive":
            unread += 1
            reasons.setdefault(row["reason"], {})[row["requirement"]] = None
            actions.update(row["missing_actions"])
    if not reasons:
        return ""
    lines = [f"## Not evaluated: {unread}", ""]
    for reason, requirements in list(reasons.items())[:REASONS_SHOWN]:
        named = list(requirements)
        rest = f" and {len(named) - 12} more" if len(named) > 12 else ""
        lines.append(f"- {', '.join(named[:12])}{rest}: {plain(reason)}")
    if len(reasons) > REASONS_SHOWN:
        lines.append(f"- {len(reasons) - REASONS_SHOWN} more reasons are in {_details(document)}")
    if actions:
        lines += ["", f"These IAM actions would allow it: {plain(', '.join(sorted(actions)), 1000)}."]
    return "\n".join(lines)


def _foot(document: Json) -> str:
    suite, run = document["suite"], document["run"]
    return (
        f"{plain(suite['name'])} {plain(suite['version'])}, guide {suite['guide_sha256'][:12]}, {run['finished']}, "
        f"{run['backend']}, {counted(run['api_calls'], 'AWS call')}. "
        f"Details: {_details(document)}; as data: results.json."
    )


def read_back(text: str, document: Json, evidence: Json) -> Iterator[str]:
    """Its counts."""
    if counts_line(document) not in text:
        yield "its counts are not those of results.json"


FORMATS = (Format("summary.md", "one page for a CI step summary", read_back, render),)
