"""What is said of a denial, and what mends it: by its layer and condition, as `denials.toml` has it; never an Allow as the
answer to a Deny, and never first a control taken away that somebody put there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from fixtures.aws.deciding_keys import Turn
from fixtures.aws.policy_language import Clause
from fixtures.evidence import Evidence
from fixtures.evidence.denials import APPLY_GUARDRAIL, RESOURCE, SCP, Decision, denial_in
from fixtures.evidence.grants import Change, Proof, Proposal, statement_of
from fixtures.evidence.organisation import owner_of
from fixtures.evidence.permissions import INVOKE, STREAM, Denial, named
from fixtures.evidence.policies import BOUNDARY, IDENTITY
from fixtures.late import dataclass
from fixtures.readings import Unavailable
from fixtures.text.toml_file import TomlFile

ASKS = ("calls_made", "grants", "model_places", "models", "nearer_ways", "proposals", "provider")
"""The facts that a remedy of a denial is made from."""


@dataclass(frozen=True)
class Meeting:
    """What somebody does so that a request meets a policy, and the command that shows what is there, where one does."""

    meet: str
    command: str = ""


@dataclass(frozen=True)
class Conditioned(Meeting):
    """What meets a condition on `key`, which stands for every key that begins with it where it ends in "/"; what is said
    instead where no request of this caller can (`say`), no session of IAM Identity Center (`of_sso`), or no role at all,
    since the value lacks a path (`pathless`), or no caller of this account, since the values are another's (`foreign`)."""

    key: str = ""
    meet: str = "have the request meet the condition on {key}: {values}"
    say: str = ""
    of_sso: str = ""
    pathless: str = ""
    foreign: str = ""

    def covers(self, key: str) -> bool:
        """Whether the key, written in capitals or not, is the one that this is about."""
        own = self.key.casefold()
        return key.casefold() == own or (own.endswith("/") and key.casefold().startswith(own))


@dataclass(frozen=True)
class Said:
    """What is said of a statement."""

    say: str


@dataclass(frozen=True)
class Words:
    """The whole of denials.toml: `layers` by their names."""

    layers: Mapping[str, str]
    everything: Meeting
    quarantine: Meeting
    simulated: Meeting
    routed: Meeting
    literal: Said
    foreign: Said
    misnamed: Said
    condition: tuple[Conditioned, ...] = ()


QUARANTINE = "AWSCompromisedKeyQuarantine"
"""How the names of those policies begin, which have a number at their end (AWS Managed Policy Reference)."""
OWN_PROFILES = " --type-equals APPLICATION"
"""What has list-inference-profiles list those that the account has made."""
OF_ITS_OWN = "one of the account's own, which create-inference-profile makes of a model where it has none"


@cache
def _words() -> Words:
    return TomlFile.load(Path(__file__).with_name("denials.toml")).build(Words)


def remedy_of(denial: Denial, evidence: Evidence) -> list[str]:
    """What mends the denial and all that have its cause and layer, as lines: what the request has to meet first, then what
    somebody else has to change, in words that can be sent, and what IAM's simulator says of that."""
    decision = denial.decision
    alike = evidence.grants.of(denial)
    needs = tuple(each.need for each in alike)
    proposal: Proposal | None = None
    why = ""
    try:
        proposal = evidence.proposals.get((decision.cause, decision.layer))
    except Unavailable as failure:
        why = failure.reason
    proposal = proposal or Proposal(needs, statement_of(needs), proof=Proof(None, why=why))
    quarantine = next((name for each in (denial, *alike) for name in _quarantines(each.decision)), "")
    if quarantine:
        # A control that is meant, and the last step of several: nobody is to be asked for an exemption.
        last = [line for change in proposal.changes for line in _changed(change, "then an administrator")]
        return list(dict.fromkeys([f"# {_words().quarantine.meet.format(policy=quarantine)}", *last]))
    nearer = list(_nearer_profile(denial, evidence))
    lines = [
        *_of_another_account(alike, evidence),
        *(nearer or _routed(denial, proposal, evidence)),
        *(line for each in (denial, *alike) for line in _met(each.decision, evidence)),
        *(f"# {_words().misnamed.say.format(**each._asdict())}" for each in proposal.misnamed),
        *_of_everything(decision, why),
        *_asked_for(alike, proposal, evidence),
    ]
    return list(dict.fromkeys(lines))


def _of_another_account(alike: Sequence[Denial], evidence: Evidence) -> Iterator[str]:
    """Where what the application calls is another account's. Of guardrails it is told which policy shares them."""
    account = _names(evidence)["account"]
    for need in (each.need for each in alike if each.need.action in (INVOKE, STREAM)):
        invoked = need.through or need.resource
        other = owner_of(invoked, account)
        if other not in ("", account):
            said = _words().foreign.say.format(resource=named(invoked), other=other, account=account)
            yield f"# {said}"


def _quarantines(decision: Decision) -> Iterator[str]:
    """The policies of those that deny by which AWS closes up a caller whose key has leaked."""
    for policy in (*decision.policies, *(statement.policy for statement in decision.by)):
        name = policy.rsplit("/", 1)[-1].rsplit(" ", 1)[-1]
        if decision.explicit and name.startswith(QUARANTINE):
            yield name


def _of_everything(decision: Decision, why: str) -> Iterator[str]:
    """Where the policy that denies could not be read because it denies that as well."""
    other = denial_in(why)
    if other and decision.explicit and (other.layer, other.explicit) == (decision.layer, True):
        yield f"# {_words().everything.meet.format(action=other.action)}"


def _nearer_profile(denial: Denial, evidence: Evidence) -> Iterator[str]:
    """Where a global profile is what is denied: the profile of the own geography that the account lists, unless that is too."""
    through = (denial.need.through or denial.need.resource).rsplit("/", 1)[-1]
    # Where an Allow is missing the profile may be right, and the statement is what is too small.
    if not denial.decision.explicit or not through.startswith("global."):
        return
    way = evidence.nearer_ways.get(through)
    for variable, configured in evidence.models.items():
        if way and configured.name.id == through:
            place = evidence.model_places[variable]
            yield f"# edit {place.file} line {place.line or '(new)'}: set {variable} to {way}, which the account lists"


def _routed(denial: Denial, proposal: Proposal, evidence: Evidence) -> Iterator[str]:
    """Where destinations of a profile are denied by a policy whose conditions nobody here can read."""
    # Of a global profile's request no Region is known, and which profile avoids it neither.
    regions = sorted({need.resource.split(":")[3] for need in proposal.needs if need.through} - {""})
    only_routed = all(need.through for need in proposal.needs)
    # These two can be read here, and their conditions are told one by one.
    if denial.decision.layer in (IDENTITY, BOUNDARY) or not regions or not only_routed:
        return
    # Denied in the own Region as well, it is denied for another reason than where the request goes.
    if evidence.target.region in regions:
        return
    words = _words().routed
    names = {"regions": " or ".join(regions), **_names(evidence)}
    yield f"# {words.meet.format(**names)}"
    yield words.command.format(**names)


def _met(decision: Decision, evidence: Evidence) -> Iterator[str]:
    """How a request meets the conditions that turn the decision."""
    if decision.demands:
        own_profile = decision.demands == "bedrock:InferenceProfileArn"
        names = {
            "values": OF_ITS_OWN if own_profile else "any, or the one that its owner names",
            "key": decision.demands,
            "kind": OWN_PROFILES if own_profile else "",
            **_names(evidence),
        }
        words = _condition(decision.demands)
        yield f"# to meet the {decision.layer}: {words.meet.format(**names)}"
        if words.command:
            yield words.command.format(**names)
    for turn in decision.turns:
        for clause in turn.statement.conditions:
            if clause.keys[0] not in turn.keys:
                continue
            words = _condition(clause.keys[0])
            wanted = wanted_values(clause, turn)
            statement = f"statement {turn.statement.name} of {turn.statement.policy}"
            if like := _meant_with_wildcards(clause):
                names = {
                    "statement": statement,
                    "key": clause.keys[0],
                    "operator": clause.operator,
                    "like": like,
                }
                yield f"# {_words().literal.say.format(**names)}"
                continue
            # Those of the account are not listed without being asked for (Bedrock API Reference, "ListInferenceProfiles").
            kind = OWN_PROFILES if "application-inference-profile/" in wanted else ""
            names = {"values": wanted, "key": clause.keys[0], "kind": kind}
            names |= {"resource": decision.resource, "statement": statement, **_names(evidence)}
            names["is_for"] = "spares only" if turn.statement.effect == "Deny" else "is for"
            if other := _of_others(clause, words, evidence):
                yield f"# {other.format(**names)}"
                continue
            yield f"# to meet {statement}: {words.meet.format(**names)}"
            if words.command:
                yield words.command.format(**names)


def _of_others(clause: Clause, words: Conditioned, evidence: Evidence) -> str:
    """What is said of a condition that no request of this caller can meet; empty of one that it can."""
    if words.of_sso and evidence.provider.method == "sso":
        return words.of_sso
    if words.pathless and any(":role/AWSReservedSSO_" in value for value in clause.values):
        return words.pathless
    own = f":{_names(evidence)['account']}:"
    if words.foreign and all(re.search(r":\d{12}:inference-profile/", arn) for arn in clause.values):
        return words.foreign if not any(own in arn for arn in clause.values) else words.say
    return words.say


def _meant_with_wildcards(clause: Clause) -> str:
    """The operator that knows wildcards, where the values have some and the one that is there compares them as they are."""
    *qualifier, operator = clause.operator.split(":")
    plain = operator.removesuffix("IfExists")
    if plain not in ("StringEquals", "StringNotEquals") or not any("*" in value for value in clause.values):
        return ""
    return ":".join([*qualifier, operator.replace("Equals", "Like")])


def _condition(key: str) -> Conditioned:
    return next((entry for entry in _words().condition if entry.covers(key)), Conditioned())


def wanted_values(clause: Clause, turn: Turn) -> str:
    """What the condition wants of its key, in words: of a Deny statement, what it spares."""
    listed = " or ".join(clause.values)
    operator = clause.operator.rpartition(":")[2].removesuffix("IfExists")
    spares = turn.statement.effect == "Deny"
    if operator == "Null":
        return "none" if ("true" in clause.values) is not spares else "any"
    if ("Not" in operator) is spares:
        return f"{'one like ' if 'Like' in operator else ''}{listed}"
    return f"other than {listed}"


def _names(evidence: Evidence) -> dict[str, str]:
    caller = evidence.grants.caller
    target = evidence.target
    return {
        "account": caller.account or "<account>",
        "role": caller.role or "<role>",
        "region": target.region,
        "profile": target.profile,
    }


def _asked_for(alike: Sequence[Denial], proposal: Proposal, evidence: Evidence) -> Iterator[str]:
    decision, names = alike[0].decision, _names(evidence)
    owner = _words().layers.get(decision.layer, "whoever owns the {layer}")
    owner = owner.format(layer=decision.layer, **names)
    if proposal.changes:
        lead = "or, where it is not meant for this caller, " if decision.turns else ""
        for change in proposal.changes:
            yield from _changed(change, f"{lead}{owner}")
        yield f"# {proven(proposal.proof, 'with that')}"
    elif decision.explicit or decision.layer == SCP:
        yield f"# to send to {owner}: {message(alike, proposal, evidence)}"
        yield f"# {proven(proposal.proof, f'without the {decision.layer}')}"
        called = not decision.action.startswith("aws-marketplace:")
        if called and decision.layer == SCP and not any(_was_called(each, evidence) for each in alike):
            yield f"# {_words().simulated.meet}"
        if proposal.proof.left and all(_is_missing_allow(each) for each in proposal.proof.left):
            left = statement_of(each.need for each in proposal.proof.left)
            yield f"# besides, {_words().layers[IDENTITY].format(**names)} adds this statement:"
            yield f"# {left}"
    else:
        lead = "or, where it is not meant for this caller, " if decision.turns else ""
        yield f"# {lead}{owner} adds this statement for {names['role']} in account {names['account']}:"
        yield f"# {proposal.statement}"
        shares = decision.action == APPLY_GUARDRAIL and decision.layer != RESOURCE
        if shares and names["account"] != decision.resource.split(":")[4]:
            yield f"# and the guardrail's own resource-based policy lets account {names['account']} apply it"
        yield f"# {proven(proposal.proof, 'with it')}"


def _was_called(denial: Denial, evidence: Evidence) -> bool:
    """Whether a call of this run was denied so, and not the simulation alone."""
    try:
        made = evidence.calls_made.get(denial.need)
    except Unavailable:
        return False  # the checks about the models say why
    return made is not None and not made.allowed


def _is_missing_allow(denial: Denial) -> bool:
    return denial.decision.layer == IDENTITY and not denial.decision.explicit


def _changed(change: Change, owner: str) -> Iterator[str]:
    if not change.changed:
        own = "which is AWS's own and cannot be changed"
        yield f"# {owner} takes {change.policy} off, {own}; statement {change.statement} denies it:"
        yield f"# {change.as_is}"
        return
    yield f"# {owner} changes statement {change.statement} of {change.policy}, which denies it:"
    yield f"# {change.as_is}"
    yield "# so that it spares this caller:"
    yield f"# {change.changed}"


def message(alike: Sequence[Denial], proposal: Proposal, evidence: Evidence) -> str:
    """A text for whoever owns the policy that denies, named where any of the denials names it."""
    names = _names(evidence)
    decision = alike[0].decision
    policies = dict.fromkeys(policy for each in alike for policy in each.decision.policies)
    policy = f" {', '.join(policies)}" if policies else ""
    how = "by an explicit deny in" if decision.explicit else "since nothing allows it in"
    wanted = "exempt it" if decision.explicit else "allow it there"
    actions = sorted({need.action for need in proposal.needs})
    resources = sorted({named(need.resource) for need in proposal.needs})
    # Amazon Bedrock User Guide, "Global cross-Region inference": a policy of Regions has to name that value besides.
    anywhere = any(need.through and ":bedrock:::" in need.resource for need in proposal.needs)
    unspecified = ", where aws:RequestedRegion is unspecified," if anywhere else ""
    return (
        f"role {names['role']} in account {names['account']} is denied {' and '.join(actions)} on {', '.join(resources)}"
        f"{unspecified} {how} the {decision.layer}{policy}. It needs these for Amazon Bedrock: please {wanted} for these "
        "resources, or say what its requests have to meet."
    )


def proven(proof: Proof, change: str) -> str:
    """What IAM's simulator says of the change."""
    if proof.holds is None:
        return f"not proven: {proof.why}" if proof.why else "not proven: IAM's simulator was not asked"
    if proof.holds:
        return f"proven: {change}, IAM's simulation allows all of it"
    first = proof.left[0]
    more = f", and {len(proof.left) - 1} more" if len(proof.left) > 1 else ""
    return f"not enough by itself: {change}, IAM's simulation still says {first}{more}"


def more(denied: Sequence[object]) -> str:
    """The end of a sentence that names the first of several."""
    return f", and {len(denied) - 1} more like it" if len(denied) > 1 else ""
