"""What a verdict rests on, in words: "compliant" without a condition means all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.page import counted
from reports.results import at_or_above


def conditions(document: Mapping[str, Any]) -> list[str]:
    """Of results.json's verdict: simulation, selection, gate with what lies below it, waivers; the heaviest first."""
    run, results = document["run"], document["results"]
    decisive = list(at_or_above(run["gate"], results))
    said = []
    if run["simulated"]:
        said.append(f"SIMULATED: world {run['world']!r}" if run["world"] else "SIMULATED")
    if run.get("shard"):
        said.append(share(run["shard"], len(document["targets"])))
    selected = run.get("selected")
    if selected and selected["requirements"] < selected["of"]:
        said.append(f"{selected['requirements']} of {selected['of']} requirements")
    if run["gate"] != "low":
        below = sum(result["status"] == "non_compliant" for result in results)
        below -= sum(result["status"] == "non_compliant" for result in decisive)
        said.append(f"gate {run['gate']}" + (f": {counted(below, 'finding')} below it" if below else ""))
    waivers = dict.fromkeys(result["waiver"]["id"] for result in decisive if result["status"] == "waived")
    if waivers:
        said.append(f"{counted(len(waivers), 'waiver')}: {', '.join(waivers)}")
    return said


def share(shard: Mapping[str, int], own: int) -> str:
    """What a shard is of the whole, with `own` targets."""
    of = f"{own} of {counted(shard['whole'], 'target')}" if own else "no target falls to it"
    return f"shard {shard['number']} of {shard['count']}: {of}"
