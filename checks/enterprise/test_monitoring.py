"""Monitoring: who is told when a call is denied, a sign-in fails, or Bedrock throttles."""

from __future__ import annotations

from collections.abc import Sequence

from checks.remedies import Words
from checks.requirement import not_applicable, require, requirement
from checks.signing import in_force, signed_for
from fixtures.evidence import Evidence
from fixtures.evidence.attestations import Attestation, attested
from fixtures.evidence.detection import AI_PROTECTION, Detector
from fixtures.evidence.models import ConfiguredModel, ModelName
from fixtures.evidence.monitoring import (
    DENIED,
    EXPIRY,
    NAMESPACE,
    PATTERNS,
    SIGN_IN,
    Alarm,
    Audience,
    FedLogGroup,
    Metric,
    MetricFilter,
    Watch,
)
from fixtures.evidence.trails import Trail
from fixtures.readings import Unavailable
from fixtures.unread import satisfying

BEDROCK_METRICS = ("InvocationClientErrors", "InvocationThrottles", "LegacyModelInvocations")
USAGE_METRICS = ("Invocations", "InputTokenCount", "OutputTokenCount")
"""Any of them shows that models are used much."""


ELSEWHERE = ("attestations", "watched_elsewhere")
"""What is asked for where another account has the trail, and with it what watches that."""


def _signed_elsewhere(requirement: str, evidence: Evidence) -> str | None:
    """What somebody attested of what another account watches its trail with; None where this account's own log group tells.
    Unavailable where nothing in force says so."""
    trail = evidence.watched_elsewhere
    if trail is None:
        return None
    where = f"trail {trail.name} is account {trail.account}'s, and feeds no log group"
    if trail.log_group:
        name = trail.log_group.split(":")[6]
        where = f"log group {name} of trail {trail.name} is in account {trail.account} (run the suite there)"
    try:
        return signed_for(requirement, where, evidence)
    except Unavailable as failure:
        raise failure.within("watched_log_groups") from None


@requirement("MON-01", asks=(*ELSEWHERE, "caller_names"))
def test_trail_feeds_a_log_group(
    recording_trails: list[Trail], fed_log_groups: list[FedLogGroup], evidence: Evidence
) -> str:
    """The trail feeds a CloudWatch log group that exists, or somebody signed for how its account watches it."""
    elsewhere = evidence.watched_elsewhere
    if elsewhere and elsewhere.log_group:
        return _signed_elsewhere("MON-01", evidence) or ""
    if elsewhere and (signed := in_force("MON-01", evidence)):
        return signed
    if satisfying(fed_log_groups, lambda group: group.trouble is None):
        fed = satisfying(fed_log_groups, lambda group: group.trouble is None)[0]
        return f"trail {fed.trail.name} feeds log group {fed.name}"
    # What this account can mend itself comes before what another has to.
    own = next((each for each in recording_trails if each.account == evidence.caller_names.account), None)
    trail = fed_log_groups[0].trail if fed_log_groups else own or recording_trails[0]
    require(
        False,
        expected="a trail that delivers to a log group of CloudWatch Logs",
        observed=str(fed_log_groups[0].trouble) if fed_log_groups else f"trail {trail.name} has no log group",
        remedy=_by_another_account(trail) if elsewhere and not own else None,
        trail=trail.arn,
        region=trail.home,
    )
    return "a trail feeds a log group"


def _by_another_account(trail: Trail) -> list[str]:
    """What to do about a trail that feeds no log group and is another account's, which alone can change it."""
    return [
        f"# account {trail.account}, whose the trail is, has it feed a log group; or whoever watches what it delivers, as "
        "with a SIEM, attests it in compliance.toml, for each of MON-01 to MON-05, each of these on a line of its own below "
        '[[attestation]]: requirement = "MON-01", statement, owner, approved_by, approved_on, expires, document and its sha256'
    ]


@requirement("MON-02", asks=ELSEWHERE)
def test_denied_calls_are_counted(
    metric_filters: list[MetricFilter], watched_log_groups: list[FedLogGroup], evidence: Evidence
) -> str:
    """A metric filter on the trail's log group matches a denied Bedrock call."""
    if not watched_log_groups:
        return _signed_elsewhere("MON-02", evidence) or ""
    return _require_filter(DENIED, metric_filters, watched_log_groups[0])


@requirement("MON-03", asks=ELSEWHERE)
def test_failed_sign_ins_are_counted(
    metric_filters: list[MetricFilter], watched_log_groups: list[FedLogGroup], evidence: Evidence
) -> str:
    """A metric filter on the trail's log group matches a failed console sign-in."""
    if not watched_log_groups:
        return _signed_elsewhere("MON-03", evidence) or ""
    return _require_filter(SIGN_IN, metric_filters, watched_log_groups[0])


def _require_filter(kind: str, filters: Sequence[MetricFilter], group: FedLogGroup) -> str:
    for matching in satisfying(filters, lambda each: each.matches(kind)):
        return f"filter {matching.name} of log group {group.name} matches a {kind}"
    # A filter that counts what succeeded too would ring all day, and nobody would listen.
    too_wide = [each.name for each in filters if each.verdict(kind) == (True, True)]
    if too_wide:
        observed = f"filter {too_wide[0]} matches a {kind}, and the same without the failure as well"
    else:
        observed = f"none of {len(filters)} metric filters of log group {group.name} matches a {kind}"
    require(
        False,
        expected=f"a metric filter that matches a {kind}, and nothing that succeeded",
        observed=observed,
        resource=group.name,
        region=group.region,
        each=[{"value": Words(PATTERNS[kind])}],
    )
    return ""


def _of_monitoring(account: str) -> str:
    return f"the metrics are shared with account {account}, whose alarms are not read here"


def _signed_of_monitoring(requirement: str, observed: str, evidence: Evidence) -> str | None:
    """What somebody attested of the alarms of the account with which the metrics are shared; None where they are shared with
    none. Unavailable, with what was `observed` here, where that is not known or nothing in force says so."""
    try:
        by_filters = requirement == "MON-04"
        account = evidence.filters_monitoring_account if by_filters else evidence.monitoring_account
    except Unavailable as failure:
        told = f"{observed}; whether another account has alarms on the metrics is not known: {failure.reason}"
        raise failure.saying(told) from None
    return signed_for(requirement, _of_monitoring(account), evidence, here=observed) if account else None


@requirement("MON-04", asks=(*ELSEWHERE, "filters_monitoring_account"))
def test_alarms_watch_the_metrics(watches: list[Watch], evidence: Evidence) -> str:
    """An alarm watches each such metric, with its actions on and a threshold that can fire."""
    if not watches:
        return _signed_elsewhere("MON-04", evidence) or ""
    unwatched = [watch for watch in watches if not watch.alarms]
    observed = "; ".join(f"{watch.kind}: {watch.problem}" for watch in unwatched)
    if unwatched and (signed := _signed_of_monitoring("MON-04", observed, evidence)):
        return signed
    require(
        not unwatched,
        expected="for each such metric an alarm with actions on and a threshold that can fire",
        observed=observed,
        each=[
            {
                "service": watch.filters[0].metrics[0][0].namespace,
                "value": watch.filters[0].metrics[0][0].name,
                "region": watch.filters[0].group.region,
            }
            for watch in unwatched
        ],
    )
    return "; ".join(f"{watch.kind}: alarm {watch.alarms[0].name}" for watch in watches)


def _heard(watch: Watch, audiences: dict[str, Audience]) -> list[Audience]:
    return satisfying([audiences[topic] for topic in watch.topics], lambda each: each.confirmed > 0)


@requirement("MON-05", asks=(*ELSEWHERE, "caller_names", "filters_monitoring_account"))
def test_somebody_is_told(watches: list[Watch], audiences: dict[str, Audience], evidence: Evidence) -> str:
    """The topic that the alarm notifies has at least one confirmed subscription."""
    if not watches:
        return _signed_elsewhere("MON-05", evidence) or ""
    ringing = [watch for watch in watches if watch.alarms]
    if not ringing and evidence.filters_monitoring_account:
        return signed_for("MON-05", _of_monitoring(evidence.filters_monitoring_account), evidence)
    if not ringing:
        raise Unavailable("no alarm watches the metrics", given=("no-alarm",))
    telling = [watch for watch in ringing if watch.topics]
    # What a function or a runbook does with it is not read here.
    if not telling:
        actions = sorted({action for watch in ringing for alarm in watch.alarms for action in alarm.actions})
        not_applicable(f"the alarms notify no topic: their action is {actions[0]}")
    unheard, theirs = [], []
    for watch in telling:
        try:
            if not _heard(watch, audiences):
                unheard.append(watch)
        except Unavailable:
            # Another account's topic it alone lists the subscriptions of, unless the topic's policy says otherwise.
            own = evidence.caller_names.account
            unread = [each for each in watch.topics if audiences[each].reading.error]
            foreign = [each for each in unread if each.split(":")[4] != own]
            if not foreign:
                raise
            theirs += foreign
    if theirs and not unheard:
        account, name = theirs[0].split(":")[4:6]
        where = f"topic {name} is account {account}'s, and who has subscribed to it is not read here"
        return signed_for("MON-05", where, evidence)
    if unheard:
        topic = unheard[0].topics[0]
        require(
            False,
            expected="a confirmed subscription to a topic of the alarm",
            observed=f"{unheard[0].kind}: {audiences[topic]}, which alarm {unheard[0].alarms[0].name} notifies",
            resource=topic,
            region=topic.split(":")[3],
        )
    heard = {
        f"{audience.topic.rsplit(':', 1)[-1]} has {audience.confirmed}"
        for watch in telling
        for audience in _heard(watch, audiences)
    }
    return f"confirmed subscriptions: topic {', '.join(sorted(heard))}"


@requirement("MON-06", asks=("attestations", "monitoring_account"))
def test_bedrock_is_watched(
    alarms: list[Alarm], model_names: dict[str, ModelName], evidence: Evidence
) -> str:
    """Alarms watch Bedrock's client errors, throttles and legacy-model calls."""
    identifiers = {name.id for name in model_names.values()}
    problems = {
        name: problem for name in BEDROCK_METRICS if (problem := _unwatched(name, alarms, identifiers))
    }
    observed = "; ".join(problems.values())
    if problems and (signed := _signed_of_monitoring("MON-06", observed, evidence)):
        return signed
    require(
        not problems,
        expected=f"an alarm with actions on each of {', '.join(BEDROCK_METRICS)}",
        observed=observed,
        each=[{"value": name} for name in problems],
    )
    return f"an alarm watches each of {', '.join(BEDROCK_METRICS)}"


def _unwatched(name: str, alarms: Sequence[Alarm], identifiers: set[str]) -> str | None:
    """What is wrong: none of the alarms rings for all models, nor do those of single models cover the configured ones."""
    metric = Metric(NAMESPACE, name, {})
    naming = [alarm for alarm in alarms if alarm.names(metric)]
    sound = [alarm for alarm in naming if alarm.silent() is None]
    covered = set()
    for alarm in sound:
        own = [each for each in alarm.watched if (each.namespace, each.name) == (NAMESPACE, name)]
        # Bedrock's metric without dimensions is that of all models; an expression is not taken apart.
        if not own or any(not each.dimensions for each in own):
            return None
        covered |= {each.dimensions.get("ModelId", "").rsplit("/", 1)[-1] for each in own}
    if sound and identifiers <= covered:
        return None
    if not naming:
        return f"no alarm watches {name}"
    if not sound:
        return naming[0].silent()
    return f"no alarm watches {name} of {sorted(identifiers - covered)[0]}"


@requirement("MON-11", asks=("attestations", "monitoring_account"))
def test_usage_is_watched(alarms: list[Alarm], model_names: dict[str, ModelName], evidence: Evidence) -> str:
    """An alarm watches how much the models are used, where one is required: stolen rights show there first."""
    identifiers = {name.id for name in model_names.values()}
    problems = {name: _unwatched(name, alarms, identifiers) for name in USAGE_METRICS}
    watched = [name for name, problem in problems.items() if problem is None]
    named = [str(problem) for problem in problems.values() if not str(problem).startswith("no alarm")]
    observed = "; ".join(dict.fromkeys(named)) or f"no alarm on any of them in {evidence.target.region}"
    if not watched and (signed := _signed_of_monitoring("MON-11", observed, evidence)):
        return signed
    require(
        bool(watched),
        expected=f"an alarm with actions on one of {', '.join(USAGE_METRICS)}",
        observed=observed,
    )
    return f"an alarm watches {', '.join(watched)}"


@requirement("MON-10")
def test_guardduty_is_on(detectors: list[Detector], evidence: Evidence) -> str:
    """GuardDuty is on in the Region where it is required, with its protection for AI workloads where the Region has it."""
    on = [each for each in detectors if each.enabled]
    whole = [each for each in on if each.protects_ai is not False]
    region = evidence.target.region
    observed = f"guardduty:ListDetectors: none in {region}"
    if on:
        observed = f"guardduty:GetDetector: its protection for AI workloads ({AI_PROTECTION}) is off"
    elif detectors:
        observed = f"guardduty:GetDetector: suspended in {region}"
    own = detectors[0] if detectors else None
    require(
        bool(whole),
        expected=f"GuardDuty on in {region}, with all that it has for AI workloads",
        observed=observed,
        resource=own and own.id,
        value=None if own else "FIFTEEN_MINUTES",
        variable=AI_PROTECTION if own and own.protects_ai is False else None,
    )
    told = (
        "with its protection for AI workloads" if whole[0].protects_ai else "the Region has no AI_PROTECTION"
    )
    return f"on in {region}; {told}"


@requirement("MON-07")
def test_invocation_logs_arrive(delivery_failures: dict[str, int], evidence: Evidence) -> str:
    """The delivery of invocation logs has not failed in the last 7 days."""
    failed = {name: count for name, count in delivery_failures.items() if count}
    require(
        not failed,
        expected="no failed delivery in 7 days",
        observed=", ".join(f"{name}: {count}" for name, count in failed.items()),
        value=", ".join(failed),
    )
    return f"no failed delivery in 7 days by {', '.join(delivery_failures) or 'any metric'}"


@requirement("MON-08", asks=("alarms",))
def test_expiry_is_monitored(attestations: dict[str, list[Attestation]], evidence: Evidence) -> str:
    """The expiry of credentials is monitored: by an alarm, or by an attested schedule."""
    today = evidence.now.date()
    entries = attestations.get("MON-08", [])
    if satisfying(entries, lambda entry: not entry.problems(today)):
        return attested(satisfying(entries, lambda entry: not entry.problems(today))[0])
    alarms = evidence.alarms
    if any(alarm.actions and any(EXPIRY.search(metric.name) for metric in alarm.watched) for alarm in alarms):
        return "an alarm watches it"
    if entries:
        problem = f"[[attestation]] number {entries[0].number} {entries[0].problems(today)[0]}"
    else:
        problem = "no [[attestation]] for MON-08"
    require(
        False,
        expected="an alarm on the remaining lifetime of credentials, or an attested schedule",
        observed=f"no such alarm, and {problem}",
    )
    return "monitored"


@requirement("MON-09")
def test_usage_is_measured(unseen_models: dict[str, str], models: dict[str, ConfiguredModel]) -> str:
    """Bedrock's usage metrics exist for the configured models."""
    # A model that cannot be called has no usage: what is in its way explains that.
    sound = [name for variable, name in unseen_models.items() if not models[variable].obstacle]
    missing = list(dict.fromkeys(sound or unseen_models.values()))
    require(
        not missing,
        expected="an Invocations metric of each configured model",
        observed=f"cloudwatch:ListMetrics has none of {', '.join(missing)}",
        given=[] if sound else [given for variable in unseen_models for given in models[variable].in_its_way],
    )
    return f"cloudwatch:ListMetrics has Invocations of {', '.join(dict.fromkeys(each.name.text for each in models.values()))}"
