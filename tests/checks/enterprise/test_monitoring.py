"""MON: from the trail's log group to somebody who is told. Which world breaks what stands in the worlds themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fixtures.evidence.detection import Detector
from fixtures.evidence.monitoring import DENIED, PATTERNS, SAMPLES, SIGN_IN, Alarm
from fixtures.readings import Unavailable
from fixtures.simulation import cbor, service
from fixtures.simulation.controls import Topic
from fixtures.simulation.filter_pattern import FilterPatternError, matches
from fixtures.simulation.world import Fault, World, load_world
from tests.enterprise_edits import Edit, changed
from tests.harness import judged
from tests.world_edits import both

DETECTOR = "12abc34d567e8fa901bc2d34e56789f0"

MON = tuple(f"MON-{number:02}" for number in range(1, 10))
READS = {
    "logs:DescribeLogGroups": ("MON-01", "MON-02", "MON-03", "MON-04", "MON-05"),
    "logs:DescribeMetricFilters": ("MON-02", "MON-03", "MON-04", "MON-05"),
    "logs:TestMetricFilter": ("MON-02", "MON-03", "MON-04", "MON-05"),
    "cloudwatch:DescribeAlarms": ("MON-04", "MON-05", "MON-06"),
    "sns:ListSubscriptionsByTopic": ("MON-05",),
    "cloudwatch:GetMetricData": ("MON-07",),
    "cloudwatch:ListMetrics": ("MON-09",),
}
CODES = {"sns:ListSubscriptionsByTopic": "AuthorizationError"}


@pytest.mark.parametrize("operation", READS)
def test_a_denied_read_leaves_its_requirements_open(operation: str) -> None:
    def edit(world: World) -> World:
        fault = Fault(CODES.get(operation, "AccessDeniedException"), "User is not authorized", 403)
        return replace(world, faults={operation: fault})

    found = judged("enterprise", only=MON, edit=edit)

    assert found.with_status("inconclusive") == set(READS[operation])
    assert found.with_status("non_compliant") == set()
    for requirement in READS[operation]:
        assert found[requirement]["missing_actions"] == [operation]


def test_thousands_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that matters stands last, behind pages of one."""
    monkeypatch.setattr(service, "PAGE_SIZE", 1)

    def edit(world: World) -> World:
        alarms = tuple(replace(world.alarm[0], name=f"a-{n}", metric=f"Other{n}") for n in range(3))
        filters = tuple(
            replace(world.metric_filter[0], name=f"f-{n}", pattern="{ $.never = 1 }") for n in range(3)
        )
        metrics = tuple(
            replace(world.metric[0], id=f"m-{n}", dimensions={"ModelId": f"x{n}"}) for n in range(3)
        )
        (topic,) = world.topic
        pending = tuple(
            replace(topic.subscription[0], endpoint=f"{n}@example.com", confirmed=False) for n in range(3)
        )
        return replace(
            world,
            alarm=(*alarms, *world.alarm),
            metric_filter=(*filters, *world.metric_filter),
            metric=(*metrics, *world.metric),
            topic=(replace(topic, subscription=(*pending, *topic.subscription)),),
        )

    assert judged("enterprise", only=MON, edit=edit).with_status("compliant") == set(MON)


def test_of_an_alarms_topics_those_that_are_heard_are_told() -> None:
    def edit(world: World) -> World:
        (topic,) = world.topic
        unheard = replace(topic, name="unheard", subscription=())
        alarms = tuple(replace(each, actions=("unheard", *each.actions)) for each in world.alarm)
        return replace(world, topic=(unheard, topic), alarm=alarms)

    row = judged("enterprise", only=("MON-05",), edit=edit)["MON-05"]
    assert row["observed"] == "confirmed subscriptions: topic security has 1"


def test_without_an_attested_schedule_the_alarms_decide() -> None:
    fault = Fault("AccessDenied", "User is not authorized", 403)
    found = judged(
        "ok-ent-expiry-alarm",
        only=("MON-08",),
        edit=lambda w: replace(w, faults={"cloudwatch:DescribeAlarms": fault}),
    )

    assert found["MON-08"]["missing_actions"] == ["cloudwatch:DescribeAlarms"]


def test_one_log_group_that_cannot_be_seen_does_not_hide_a_sound_one() -> None:
    """The organisation's trail writes to the log group of another account, and a trail of this account to its own."""

    def edit(world: World) -> World:
        (own,) = world.trail
        return replace(world, trail=(replace(own, name="organization", account="111122223333"), own))

    def alone(world: World) -> World:
        return replace(world, trail=edit(world).trail[:1])

    assert judged("enterprise", only=MON, edit=edit).root_causes == []
    found = judged("enterprise", only=MON, edit=alone)
    assert found["MON-01"]["status"] == found["MON-05"]["status"] == "inconclusive"
    assert found["MON-01"]["reason"] == (
        "log group cloudtrail of trail organization is in account 111122223333 (run the suite there): "
        "[[attestation]] requirement = MON-01 tells"
    )


SIEM = "ok-ent-trail-watched-by-a-siem"


def signed(*requirements: str, **changes: Any) -> Edit:
    """The attestations of these requirements changed; without changes, they are not there."""

    def edit(world: World) -> World:
        rows = []
        for row in world.settings["attestation"]:
            if row["requirement"] not in requirements:
                rows.append(row)
            elif changes:
                rows.append({**row, **changes})
        return replace(world, settings={**world.settings, "attestation": rows})

    return edit


@pytest.mark.parametrize("log_group", ["", "cloudtrail"])
def test_how_another_account_watches_its_trail_can_be_signed_for(log_group: str) -> None:
    """Each step of it, as long as that is in force; this account can see none."""
    where = changed("trail", "organization", log_group=log_group)
    assert judged(SIEM, only=MON[:5], edit=where).with_status("compliant") == set(MON[:5])

    without = judged(SIEM, only=MON[:5], edit=both(where, signed("MON-02", "MON-05")))
    assert without.with_status("compliant") == {"MON-01", "MON-03", "MON-04"}
    assert without.with_status("inconclusive") == {"MON-02", "MON-05"}

    over = judged(SIEM, only=MON[:5], edit=both(where, signed("MON-01", expires=date(2026, 11, 21))))
    assert over["MON-01"]["status"] == ("inconclusive" if log_group else "non_compliant")
    assert over.with_status("compliant") == {"MON-02", "MON-03", "MON-04", "MON-05"}


def test_a_trail_of_another_account_has_a_remedy_that_is_not_for_this_one_to_run() -> None:
    found = judged("ent-mon-01-trail-of-another-account", only=MON[:5])
    assert found.root_causes == ["MON-01"]
    assert found.with_status("blocked") == set(MON[1:5])
    (line,) = found["MON-01"]["remedy"]
    assert line.startswith("# account 111122223333, whose the trail is, ") and "[[attestation]]" in line


def test_a_trail_of_its_own_is_what_the_account_itself_can_mend() -> None:
    own = replace(load_world("enterprise").trail[0], name="own", log_group="")
    edit: Edit = lambda world: replace(world, trail=(*world.trail, own))  # noqa: E731
    found = judged("ent-mon-01-trail-of-another-account", only=MON[:5], edit=edit)
    assert found["MON-01"]["observed"] == "trail own has no log group"
    assert not any("111122223333" in line for line in found["MON-01"]["remedy"])
    assert any("update-trail" in line and "trail/own" in line for line in found["MON-01"]["remedy"])


THEIRS = "arn:aws:sns:us-east-1:444455556666:aws-controltower-AggregateSecurityNotifications"


@pytest.mark.parametrize("is_signed", [True, False])
def test_who_hears_of_another_accounts_topic_can_be_signed_for(is_signed: bool) -> None:
    """As of the audit account's, whose subscriptions SNS lists to that account alone."""

    def edit(world: World) -> World:
        refused = Fault(
            "AuthorizationError", "User is not authorized to perform: SNS:ListSubscriptionsByTopic", 403
        )
        alarms = tuple(replace(each, actions=(THEIRS,)) for each in world.alarm)
        told = load_world(CENTRAL).settings["attestation"] if is_signed else world.settings["attestation"]
        return replace(
            world,
            alarm=alarms,
            faults={"sns:ListSubscriptionsByTopic": refused},
            settings={**world.settings, "attestation": told},
        )

    row = judged("enterprise", only=("MON-05",), edit=edit)["MON-05"]
    assert row["status"] == ("compliant" if is_signed else "inconclusive")
    if not is_signed:
        assert row["reason"] == (
            "topic aws-controltower-AggregateSecurityNotifications is account 444455556666's, and who has subscribed to it is "
            "not read here: [[attestation]] requirement = MON-05 tells"
        )
        assert not row["missing_actions"]


def test_who_is_told_waits_for_an_alarm_where_none_is_sound() -> None:
    found = judged("ent-mon-04-no-alarm-acts", only=MON)
    assert found.root_causes == ["MON-04"]
    assert (found["MON-05"]["status"], found["MON-05"]["blocked_by"]) == ("blocked", "MON-04")
    # One that is sound tells whom it tells, whatever the others are.
    assert judged("ent-mon-04-actions-off", only=MON)["MON-05"]["status"] == "compliant"


def test_a_topic_of_another_account_hides_none_that_nobody_hears() -> None:
    def edit(world: World) -> World:
        theirs = Topic("aws-controltower-AggregateSecurityNotifications", account="444455556666")
        (own,) = world.topic
        alarms = tuple(
            replace(each, actions=(THEIRS,)) if each.name == "bedrock-denied" else each
            for each in world.alarm
        )
        return replace(world, topic=(theirs, replace(own, subscription=())), alarm=alarms)

    found = judged("enterprise", only=("MON-05",), edit=edit)
    assert found["MON-05"]["status"] == "non_compliant"


OF_MONITORING = ("MON-04", "MON-05", "MON-06", "MON-11")
CENTRAL = "ok-ent-alarms-of-a-monitoring-account"


def test_alarms_of_a_monitoring_account_can_be_signed_for() -> None:
    assert judged(CENTRAL, only=OF_MONITORING).with_status("compliant") == set(OF_MONITORING)

    without = judged(CENTRAL, only=OF_MONITORING, edit=signed(*OF_MONITORING))
    assert without.with_status("inconclusive") == set(OF_MONITORING)
    assert without["MON-11"]["reason"] == (
        "the metrics are shared with account 444455556666, whose alarms are not read here: [[attestation]] requirement = "
        "MON-11 tells; no alarm on any of them in us-east-1"
    )


@pytest.mark.parametrize("links", ["none", "of logs alone", "of another Region"])
def test_without_metrics_that_are_shared_the_alarms_here_decide_whatever_was_signed(links: str) -> None:
    def edit(world: World) -> World:
        (own,) = world.link
        other = {
            "of logs alone": replace(own, kinds=("AWS::Logs::LogGroup",)),
            "of another Region": replace(own, region="eu-west-1"),
        }
        return replace(world, link=(other[links],) if links in other else ())

    found = judged(CENTRAL, only=OF_MONITORING, edit=edit)
    assert found.with_status("non_compliant") == {"MON-04", "MON-06", "MON-11"}


def test_without_knowing_who_sees_the_metrics_no_alarm_is_missed() -> None:
    fault = Fault("AccessDeniedException", "User is not authorized", 403)
    found = judged(
        "ent-mon-11-usage-unwatched",
        only=("MON-11",),
        edit=lambda world: replace(world, faults={"oam:ListLinks": fault}),
    )
    assert found["MON-11"]["status"] == "inconclusive"
    assert found["MON-11"]["missing_actions"] == ["oam:ListLinks"]
    # What was seen here is told all the same.
    assert found["MON-11"]["reason"].startswith("alarm bedrock-usage has its actions off; whether another ")
    # Nobody is asked where the alarms are here.
    watched = judged("enterprise", only=MON)
    assert not any(reading["name"] == "oam:ListLinks" for reading in watched.readings)


def test_a_log_group_of_this_accounts_own_is_judged_whatever_was_signed() -> None:
    def edit(world: World) -> World:
        (organizations,) = world.trail
        own = replace(organizations, name="own", account="", organization=False, log_group="cloudtrail")
        return replace(world, trail=(own, organizations), metric_filter=())

    assert judged(SIEM, only=MON[:5], edit=edit).with_status("non_compliant") == {"MON-02", "MON-03"}

    def without_any(world: World) -> World:
        return replace(
            edit(world), trail=tuple(replace(each, account="", log_group="") for each in world.trail)
        )

    assert judged(SIEM, only=MON[:5], edit=without_any).with_status("non_compliant") == {"MON-01"}


def broken_alarm(name: str, **changes: Any) -> Callable[[World], World]:
    def edit(world: World) -> World:
        alarms = tuple(replace(each, **changes) if each.name == name else each for each in world.alarm)
        return replace(world, alarm=alarms)

    return edit


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"actions_enabled": False}, "has its actions off"),
        ({"actions": ()}, "has no actions"),
        ({"comparison": "LessThanThreshold"}, "rings when the metric is low"),
        ({"statistic": "Average", "threshold": 2}, "cannot fire: Average GreaterThanOrEqualToThreshold 2"),
        ({"threshold": 10**9}, "cannot fire: Sum"),
        (
            {"dimensions": {"Source": "trail"}},
            "asks for dimensions that Security/BedrockDenied does not have",
        ),
        ({"metric": "Denied"}, "no alarm watches Security/BedrockDenied"),
    ],
)
def test_an_alarm_that_tells_nobody_is_named(changes: dict[str, Any], said: str) -> None:
    found = judged("enterprise", only=MON[:5], edit=broken_alarm("bedrock-denied", **changes))

    assert found.root_causes == ["MON-04"]
    assert said in found["MON-04"]["observed"]
    assert "BedrockDenied" in found["MON-04"]["remedy"][0]


def test_the_remedy_for_a_missing_filter_has_a_pattern_that_works() -> None:
    found = judged("ent-mon-02-filter-on-another-service", only=("MON-02",))

    assert found["MON-02"]["remedy"][1] == f"# {PATTERNS[DENIED]}"
    assert [matches(PATTERNS[DENIED], sample) for sample in SAMPLES] == [True, False, False, False]
    assert [matches(PATTERNS[SIGN_IN], sample) for sample in SAMPLES] == [False, False, True, False]


OF_NO_SERVICE = '($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket")'


@pytest.mark.parametrize(
    ("name", "requirement", "pattern"),
    [
        (
            "BedrockDenied",
            "MON-02",
            '{($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") && '
            + OF_NO_SERVICE
            + "}",
        ),
        (
            "BedrockDenied",
            "MON-02",
            '{ ($.errorCode = "AccessDenied*") && ($.userAgent != "*Trusted Advisor*") && '
            '($.userIdentity.sessionContext.sessionIssuer.userName != "SecurityAudit") }',
        ),
        (
            "BedrockDenied",
            "MON-02",
            '{ ($.errorCode = "AccessDenied*") && ($.recipientAccountId = "210987654321") }',
        ),
        (
            "BedrockDenied",
            "MON-02",
            '{($.errorCode = "AccessDenied*") && ($.userIdentity.accessKeyId != "AKIAIOSFODNN7EXAMPLE")}',
        ),
        (
            "BedrockDenied",
            "MON-02",
            '{ ($.errorCode = "AccessDenied*") && ($.tlsDetails.tlsVersion != "TLSv1.1") }',
        ),
        (
            "ConsoleSignInFailed",
            "MON-03",
            '{ ($.eventType = "AwsConsoleSignIn") && ($.errorMessage = "Failed authentication") && '
            '($.sourceIPAddress != "203.0.113.*") }',
        ),
    ],
)
def test_a_filter_that_leaves_some_callers_out_is_one(name: str, requirement: str, pattern: str) -> None:
    """What a benchmark or a team adds looks at properties that every record of CloudTrail has."""
    found = judged("enterprise", only=(requirement,), edit=changed("metric_filter", name, pattern=pattern))
    assert found[requirement]["status"] == "compliant"


@pytest.mark.parametrize(
    ("region", "account", "status"),
    [
        ("us-west-2", "210987654321", "compliant"),
        ("us-east-1", "210987654321", "non_compliant"),
        ("us-west-2", "111122223333", "non_compliant"),
    ],
)
def test_a_filter_may_name_the_account_and_the_region_that_are_judged(
    region: str, account: str, status: str
) -> None:
    """In the log group of a trail of all Regions, or of an organisation."""
    pattern = (
        f'{{ ($.errorCode = "AccessDenied*") && ($.awsRegion = "{region}") && '
        f'($.userIdentity.accountId = "{account}") }}'
    )
    edit = changed("metric_filter", "BedrockDenied", pattern=pattern)
    found = judged("enterprise", only=("MON-02", "MON-03"), edit=edit, regions=["us-west-2"])
    assert found["MON-02"]["status"] == status
    # Sign-ins are in one Region whatever Region is judged.
    assert found["MON-03"]["status"] == "compliant"


def test_a_filter_that_any_caller_meets_tells_nothing() -> None:
    """As a benchmark had it for a while, with "or" between what it leaves out."""
    pattern = '{ ($.errorCode = "AccessDenied*") || ($.sourceIPAddress != "delivery.logs.amazonaws.com") }'
    edit = changed("metric_filter", "BedrockDenied", pattern=pattern)
    found = judged("enterprise", only=("MON-02",), edit=edit)
    assert "the same without the failure as well" in found["MON-02"]["observed"]


def test_a_circle_of_composite_alarms_ends() -> None:
    def edit(world: World) -> World:
        first = world.composite_alarm[0]
        second = replace(first, name="second", rule=f'ALARM("{first.name}")', actions=())
        circle = replace(first, rule='ALARM("bedrock-denied") OR ALARM("second")', actions=())
        return replace(world, composite_alarm=(circle, second))

    found = judged("ok-ent-composite-alarm", only=("MON-04",), edit=edit)

    assert found["MON-04"]["status"] == "non_compliant"


def test_an_alarm_under_a_negation_does_not_ring_through_it() -> None:
    def edit(world: World) -> World:
        rows = tuple(
            replace(each, rule='NOT ALARM("bedrock-denied")') if each.name == "access" else each
            for each in world.composite_alarm
        )
        return replace(world, composite_alarm=rows)

    assert judged("ok-ent-composite-alarm", only=("MON-04",), edit=edit).root_causes == ["MON-04"]


def test_a_sum_reaches_what_a_maximum_does_not() -> None:
    alarm = Alarm("a", "arn", (), (), "Sum", 300, 50, "GreaterThanThreshold", ("arn:aws:sns:r:1:t",), True)

    assert alarm.silent() is None
    assert replace(alarm, statistic="Maximum").silent() is not None
    assert replace(alarm, statistic="Maximum").silent(most=51) is None
    # Of the edge: no value is greater than the largest that there is.
    assert replace(alarm, statistic="Maximum").silent(most=50) is not None
    assert (
        replace(alarm, statistic="Maximum", comparison="GreaterThanOrEqualToThreshold").silent(most=50)
        is None
    )


EVENT = json.dumps({"a": "Denied", "n": 4, "t": True, "l": [{"k": "x"}, {"k": "y"}], "z": None})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{ $.a = Denied }", True),
        ('{ $.a = "Den*" }', True),
        ('{ $.a = "*ied" && $.n > 3 }', True),
        ("{ $.n >= 4 && $.n < 4 }", False),
        ("{ $.a = X || $.n = 4 && $.t IS TRUE }", True),
        ("{ ($.a = X || $.n = 4) && $.t IS FALSE }", False),
        ("{ $.b NOT EXISTS }", True),
        ("{ $.a NOT EXISTS }", False),
        ("{ $.z IS NULL }", True),
        ("{ $.b != Denied }", False),
        ("{ $.a != X }", True),
        ("{ $.l[1].k = y }", True),
        ("{ $.l[*].k = x }", True),
        ("{ $['a'] = Denied }", True),
        ("{ $.a = %^D.n% }", True),
        ("Denied", True),
        ("denied", False),
        ('"Denied" -"true"', False),
        ("?nothing ?Denied", True),
        ("", True),
    ],
)
def test_filter_patterns_match_as_the_user_guide_says(pattern: str, expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize("pattern", ["{ $.a }", "{ a = b }", "{ $.a = b", "{ $.a > x }", "[a, b]"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(FilterPatternError):
        matches(pattern, EVENT)


@pytest.mark.parametrize(
    "value", [0, 23, 24, 255, 65536, -1, -300, 2.5, "text", b"b", None, True, [1, {"a": []}]]
)
def test_cbor_comes_back_as_it_went(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"metric": "OutputTokenCount"}, "compliant"),
        ({"expression": "ANOMALY_DETECTION_BAND(m1, 3)", "comparison": "GreaterThanUpperThreshold"}, "compliant"),
        ({"dimensions": {"ModelId": "us.anthropic.claude-sonnet-4-6"}}, "non_compliant"),
        ({"comparison": "LessThanThreshold"}, "non_compliant"),
    ],
)  # fmt: skip
def test_usage_may_be_watched_otherwise(changes: dict[str, Any], status: str) -> None:
    """By tokens, or by an anomaly band; not of one model alone of those that are configured, nor for too little use."""
    found = judged("enterprise", only=("MON-11",), edit=changed("alarm", "bedrock-usage", **changes))
    assert found["MON-11"]["status"] == status, found["MON-11"]


def test_an_alarm_on_usage_that_tells_nobody_is_named() -> None:
    found = judged("enterprise", only=("MON-11",), edit=changed("alarm", "bedrock-usage", actions=()))
    assert found["MON-11"]["observed"] == "alarm bedrock-usage has no actions"


ADMINISTERED = "# where another account administers GuardDuty for this one, it is changed there, by update-member-detectors"


@pytest.mark.parametrize(
    ("edit", "observed", "remedy"),
    [
        (changed("detector", DETECTOR, ai=""), "on in us-east-1; the Region has no AI_PROTECTION", []),
        (
            changed("detector", DETECTOR, enabled=False),
            "guardduty:GetDetector: suspended in us-east-1",
            [
                f"aws guardduty update-detector --detector-id {DETECTOR} --enable --region us-east-1 --profile msh",
                ADMINISTERED,
            ],
        ),
        (
            lambda world: replace(world, detector=()),
            "guardduty:ListDetectors: none in us-east-1",
            [
                "aws guardduty create-detector --enable --finding-publishing-frequency FIFTEEN_MINUTES --region us-east-1 "
                "--profile msh",
                ADMINISTERED,
            ],
        ),
    ],
    ids=["without the feature", "suspended", "never on"],
)
def test_guardduty_is_judged_by_what_the_region_has(edit: Edit, observed: str, remedy: list[str]) -> None:
    result = judged("enterprise", only=("MON-10",), edit=edit)["MON-10"]
    assert (result["observed"], result["remedy"]) == (observed, remedy)
    assert (result["status"] == "compliant") == (not remedy)


def test_a_detector_without_features_says_nothing_unless_it_is_off() -> None:
    with pytest.raises(Unavailable, match="lists no feature"):
        Detector.of("d", {"Status": "ENABLED"})
    assert Detector.of("d", {"Status": "DISABLED"}) == Detector("d", enabled=False, protects_ai=None)
