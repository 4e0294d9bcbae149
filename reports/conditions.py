"""What a verdict rests on, in words: "compliant" without a condition means all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.catalogue import load
from reports.page import VERDICT_WORDS, counted
from reports.results import SEVERITIES


def conditions(document: Mapping[str, Any]) -> list[str]:
    """Of results.json's verdict: simulation, replay, selection, gate with what lies below it, waivers; the heaviest first."""
    run, below, waivers = document["run"], 0, dict[str, None]()
    for result in document["results"]:
        decides = SEVERITIES.index(result["severity"]) <= SEVERITIES.index(run["gate"])
        if result["status"] == "non_compliant" and not decides:
            below += 1
        elif result["status"] == "waived" and decides:
            waivers[result["waiver"]["id"]] = None
    said = []
    if run["simulated"]:
        said.append(f"SIMULATED: world {run['world']!r}" if run["world"] else "SIMULATED")
    if told := replayed(run):
        said.append(told)
    if run.get("shard"):
        said.append(share(run["shard"], len(document["targets"])))
    if selection := _selection(document):
        said.append(selection)
    if run["gate"] != "low":
        said.append(f"gate {run['gate']}" + (f": {counted(below, 'finding')} below it" if below else ""))
    if waivers:
        said.append(f"{counted(len(waivers), 'waiver')}: {', '.join(waivers)}")
    return said


def is_part(condition: str) -> bool:
    """Whether the condition is that a part of a scope's requirements was selected."""
    return condition.endswith(" requirements")


def beside_the_banners(document: Mapping[str, Any]) -> list[str]:
    """The conditions that a page has no banner for: its banners say that a run was simulated, or replayed."""
    own = ("SIMULATED", "replay ")
    return [each for each in conditions(document) if not each.startswith(own)]


def headline(document: Mapping[str, Any]) -> str:
    """The verdict with its conditions, as one line: no compliance without them where there are any."""
    run, verdict = document["run"], document["verdict"]
    told = [each for each in conditions(document) if not each.startswith("SIMULATED")]
    if verdict != "compliant":
        return "; ".join([VERDICTS_IN_WORDS[verdict], *told])
    partial = [each for each in told if is_part(each) or each.endswith(" scope")]
    gated = [each for each in told if each.startswith("gate ")]
    waived = [each for each in told if " waiver" in each]
    rest = [each for each in told if each not in (*partial, *gated, *waived)]
    word = f"passes {gated[0].replace(': ', '; ')}" if gated else "compliant"
    word += f" with {waived[0]}" if waived else ""
    # A scope is what somebody chose to ask; a handful of requirements is a part of it, and must not read like the whole.
    scope = bool(partial) and partial[0].endswith(" scope")
    if not any(document["counts"].values()):
        word = "nothing judged"
    elif partial:
        word = f"{partial[0]}: {word}" if scope else f"PARTIAL, {partial[0]}: {word}"
    return "; ".join([word, *rest, *(["SIMULATED"] if run["simulated"] else [])])


VERDICTS_IN_WORDS = {
    **VERDICT_WORDS,
    "incomplete": f"{VERDICT_WORDS['incomplete']}: not everything could be evaluated",
}


def _selection(document: Mapping[str, Any]) -> str | None:
    """What was selected, where it is not all: a whole scope by its name, else how many requirements."""
    selected = document["run"].get("selected")
    if not selected or selected["requirements"] >= selected["of"]:
        return None
    scopes = {result["scope"] for result in document["results"]}
    whole = {requirement.id for requirement in load() if requirement.scope in scopes}
    if len(scopes) == 1 and {result["requirement"] for result in document["results"]} == whole:
        return f"{scopes.pop()} scope"
    return f"{selected['requirements']} of {selected['of']} requirements"


def replayed(run: Mapping[str, Any]) -> str:
    """That recorded evidence was judged, and of when it is; empty where it was read for this run."""
    if run.get("backend") != "replay":
        return ""
    return (
        f"replay of evidence of {run['evidence_of']}"
        if "evidence_of" in run
        else "replay of recorded evidence"
    )


def share(shard: Mapping[str, int], own: int) -> str:
    """What a shard is of the whole, with `own` targets."""
    of = f"{own} of {counted(shard['whole'], 'target')}" if own else "no target falls to it"
    return f"shard {shard['number']} of {shard['count']}: {of}"
