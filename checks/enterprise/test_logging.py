"""Security best practices: what CloudTrail and model invocation logging record."""

from __future__ import annotations

from typing import Any

from checks.requirement import not_applicable, require, requirement
from checks.signing import in_force, signed_for
from fixtures.aws.policy_document import Statement
from fixtures.evidence import Evidence
from fixtures.evidence.identity import Identity
from fixtures.evidence.invocation_logging import Bucket, LoggingConfig, LogGroup
from fixtures.evidence.trails import History, Trail
from fixtures.readings import Unavailable
from fixtures.unread import satisfying

BEDROCK_SERVICE = "bedrock.amazonaws.com"
MANTLE_SERVICE = "bedrock-mantle.amazonaws.com"
"""Bedrock's second endpoint is an event source of its own in CloudTrail, and its calls are in no invocation log."""
DAYS_OF_A_MONTH = 30
A_YEAR = 365
RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""The days that a log group can be kept for (Amazon CloudWatch Logs API Reference, "PutRetentionPolicy")."""


@requirement("LOG-01")
def test_trail_covers_the_region(trails: list[Trail], evidence: Evidence) -> str:
    """A trail covers the region: a multi-region trail, the organisation's, or one of the region itself."""
    region = evidence.target.region
    require(
        bool(trails),
        expected=f"a multi-region trail, or one in {region}",
        observed=f"cloudtrail:DescribeTrails in {region} lists none that covers it",
    )
    return f"{', '.join(trail.name for trail in trails)} covers {region}"


@requirement("LOG-02", asks=("caller_names",))
def test_trail_delivers(covering_trails: list[Trail], evidence: Evidence) -> str:
    """The trail is logging, its last delivery had no error, and it delivered within the last day."""
    if not satisfying(covering_trails, lambda trail: trail.works):
        trail = covering_trails[0]
        require(
            False,
            expected="a trail that is logging and delivered within a day, without an error",
            observed=f"trail {trail.name} {trail.trouble('Delivery')}{_others(covering_trails)}",
            remedy=_let_in(trail, evidence)
            if trail.status["IsLogging"]
            else _by_its_owner(trail, "starts it again", evidence, "get-trail-status --name"),
            trail=trail.arn,
            region=trail.home,
        )
    return _delivered(satisfying(covering_trails, lambda trail: trail.works)[0])


def _let_in(trail: Trail, evidence: Evidence) -> list[str]:
    """What somebody does about a trail that is logging, and whose bucket or key lets nothing in."""
    keys = f", or the KMS key {trail.kms_key}" if trail.kms_key else ""
    return [
        f"# the trail is logging: the bucket {trail.bucket}{keys} does not let it in; whoever owns them mends their "
        "policies, or enables what was disabled; this shows the last error, until the next delivery:",
        f"aws cloudtrail get-trail-status --name {trail.arn} --region {trail.home} --profile {evidence.target.profile}",
    ]


def _by_its_owner(
    trail: Trail, does: str, evidence: Evidence, reading: str = "get-event-selectors --trail-name"
) -> list[str] | None:
    """What to do about a trail of another account, which alone can change it (AWS CloudTrail User Guide, "Creating a trail for
    an organization"); None where it is this account's own, or nobody knows whose account this is."""
    if trail.account == (evidence.caller_names.account or trail.account):
        return None
    return [
        f"# account {trail.account}, whose the trail is and which alone can change it, {does}; this reads it:",
        f"aws cloudtrail {reading} {trail.arn} --region {trail.home} --profile {evidence.target.profile}",
    ]


@requirement("LOG-03", asks=("caller_names",))
def test_trail_records_management_events(working_trails: list[Trail], evidence: Evidence) -> str:
    """The trail records management events, both reads and writes: InvokeModel and Converse are management events."""
    if not satisfying(working_trails, lambda trail: not trail.missing_kinds):
        trail = working_trails[0]
        require(
            False,
            expected="management events of kind read and write in one trail",
            observed=f"trail {trail.name} does not record management events of kind "
            f"{' and '.join(trail.missing_kinds)}{_others(working_trails)}",
            remedy=_by_its_owner(trail, "has it record management events, read and write", evidence),
            trail=trail.arn,
            region=trail.home,
        )
    whole = satisfying(working_trails, lambda trail: not trail.missing_kinds)[0]
    return f"trail {whole.name} records management events, reads and writes"


@requirement("LOG-04", asks=("caller_names",))
def test_bedrock_is_not_excluded(complete_trails: list[Trail], evidence: Evidence) -> str:
    """No event selector of the trail excludes Bedrock's event source."""
    if not satisfying(complete_trails, lambda trail: not trail.excluded_calls):
        trail = complete_trails[0]
        require(
            False,
            expected=f"no selector that leaves out events of {BEDROCK_SERVICE}",
            observed=f"the selectors of trail {trail.name} leave out {', '.join(trail.excluded_calls)}"
            f"{_others(complete_trails)}",
            remedy=_by_its_owner(
                trail, f"takes the exclusion of {BEDROCK_SERVICE} out of its event selectors", evidence
            ),
            trail=trail.arn,
            region=trail.home,
        )
    trail = satisfying(complete_trails, lambda trail: not trail.excluded_calls)[0]
    return (
        f"the selectors of trail {trail.name} leave out no call of {BEDROCK_SERVICE}; "
        f"those of Bedrock's second endpoint are events of {MANTLE_SERVICE}"
    )


@requirement("LOG-05", asks=("caller_names",))
def test_trail_is_sealed(recording_trails: list[Trail], evidence: Evidence) -> str:
    """The trail validates its log files, and encrypts them with a KMS key."""
    if not any(trail.validates and trail.kms_key for trail in recording_trails):
        trail = recording_trails[0]
        lacks = [
            words
            for words, there in (("log-file validation", trail.validates), ("a KMS key", trail.kms_key))
            if not there
        ]
        require(
            False,
            expected="log-file validation and a KMS key",
            observed=f"trail {trail.name} is without {' and '.join(lacks)}{_others(recording_trails)}",
            remedy=_by_its_owner(
                trail,
                f"gives it {' and '.join(lacks)}, in the landing zone's settings where AWS Control Tower made it",
                evidence,
                "describe-trails --trail-name-list",
            ),
            trail=trail.arn,
            region=trail.home,
        )
    sealed = next(trail for trail in recording_trails if trail.validates and trail.kms_key)
    return f"trail {sealed.name} validates its files and encrypts them with a KMS key"


@requirement("LOG-06")
def test_own_call_is_in_the_history(own_calls: History, evidence: Evidence) -> str:
    """A Bedrock call that the caller made can be found in CloudTrail's event history."""
    if own_calls.found is None and own_calls.earlier is None:
        raise Unavailable(
            f"the event history has no Bedrock call of {own_calls.name}, and none of an earlier run of this suite: "
            "events take up to 15 minutes to arrive there, so run it again later"
        )
    require(
        own_calls.found is not None,
        expected=f"a call of {own_calls.name} to {BEDROCK_SERVICE} in the event history",
        observed=f"the history of {evidence.target.region} has a call of an earlier run at {own_calls.earlier}, and no "
        f"Bedrock call of {own_calls.name}",
        given=("not-found",),
    )
    return f"the event history has a Bedrock call of {own_calls.name} at {own_calls.found}"


@requirement("LOG-07", asks=("caller_names",))
def test_data_events_are_selected(working_trails: list[Trail], evidence: Evidence) -> str:
    """The trail selects Bedrock's data events where agents, guardrails or bidirectional streams are used."""
    guardrails, region = evidence.settings.controls.guardrails, evidence.target.region
    # ApplyGuardrail is a data event; invocations of models are management events and need none (LOG-03).
    wanted = "AWS::Bedrock::Guardrail" if guardrails else "AWS::Bedrock::"

    def selects(trail: Trail) -> bool:
        return any(kind.startswith(wanted) for kind in trail.bedrock_data_types(region))

    if not satisfying(working_trails, selects):
        trail = working_trails[0]
        found = ", ".join(trail.bedrock_data_types(region)) or "no resource type of Bedrock"
        require(
            False,
            expected=f"data events of {wanted}{'' if guardrails else '… types'}",
            observed=f"trail {trail.name} selects data events of {found}{_others(working_trails)}",
            remedy=_by_its_owner(
                trail,
                f"has it select data events of {wanted if guardrails else 'AWS::Bedrock::Model'}, or this account makes a "
                "trail of its own that selects no others",
                evidence,
            ),
            trail=trail.arn,
            region=trail.home,
            value=wanted if guardrails else "AWS::Bedrock::Model",
        )
    return f"trail {satisfying(working_trails, selects)[0].name} selects data events of {wanted}"


def _delivered(trail: Trail) -> str:
    return f"trail {trail.name} delivered last on {trail.status.get('LatestDeliveryTime')}"


def _destinations(config: LoggingConfig | None) -> str:
    if config is None:
        return "nowhere"
    places = [f"log group {config.log_group}"] if config.log_group else []
    return " and ".join([*places, *(f"bucket {name}" for name in config.buckets)])


def _others(trails: list[Trail]) -> str:
    return f"; nor is any of {len(trails) - 1} more as it should be" if len(trails) > 1 else ""


@requirement("LOG-08")
def test_invocation_logging_is_on(invocation_logging: LoggingConfig | None, evidence: Evidence) -> str:
    """Model invocation logging is on in the region."""
    require(
        invocation_logging is not None,
        expected="model invocation logging to CloudWatch Logs or S3",
        observed=f"bedrock:GetModelInvocationLoggingConfiguration: off in {evidence.target.region}",
    )
    where = f"on in {evidence.target.region}: {_destinations(invocation_logging)}"
    return f"{where}; calls of Bedrock's second endpoint (Mantle) are not in it"


@requirement("LOG-09", asks=("attestations", "bucket_keeping", "log_copies"))
def test_log_group_is_kept_safe(
    logging_config: LoggingConfig, invocation_log_group: LogGroup | None, evidence: Evidence
) -> str:
    """The log group of invocation logging exists, has a retention and is encrypted with a KMS key."""
    name = logging_config.log_group
    if not name:
        not_applicable("invocation logging writes to S3 alone")
    expected = f"log group {name} with a retention and a KMS key"
    days = evidence.settings.logging.minimum_months * DAYS_OF_A_MONTH
    kept = str(next((each for each in RETENTIONS if each >= (days or A_YEAR)), RETENTIONS[-1]))
    if invocation_log_group is None:
        require(
            False,
            expected=expected,
            observed=f"log group {name} does not exist",
            candidate=name,
            resource=name,
            value=kept,
            variable=name,
        )
        return f"log group {name} does not exist"
    endless, unsealed = not invocation_log_group.retention_days, not invocation_log_group.kms_key
    lacks = [words for words, is_so in (("a retention", endless), ("a KMS key", unsealed)) if is_so]
    require(
        not lacks,
        expected=expected,
        observed=f"log group {name} is without {' and '.join(lacks)}",
        # What it has already somebody chose: no remedy changes that.
        resource=name if endless else None,
        value=kept if endless else None,
        variable=name if unsealed else None,
    )
    # A group for looking at what happened lately is kept short on purpose where the record is elsewhere.
    short = f"log group {name} is kept for {invocation_log_group.retention_days} days"
    if invocation_log_group.retention_days >= days:
        return f"{short} and encrypted with a KMS key"
    if told := _kept_elsewhere(short, days, logging_config, evidence):
        return told
    require(
        False,
        expected=f"log group {name} kept for {days} days, [logging] minimum_months",
        observed=short + _deleted_from(logging_config, days, evidence),
        resource=name,
        value=kept,
    )
    return short


def _kept_elsewhere(short: str, days: int, config: LoggingConfig, evidence: Evidence) -> str | None:
    """Where all of it is kept long enough, or who signed for that; None where all that also gets it is known to keep it no
    longer."""
    copies = evidence.log_copies
    if not copies:
        return None
    of_bucket = f"bucket {config.bucket}"
    try:
        keeping = evidence.bucket_keeping
    except Unavailable as failure:
        where = f"{short}, and how long what goes to {' and '.join(copies)} is kept is not known"
        try:
            return signed_for("LOG-09", where, evidence)
        except Unavailable as unsigned:
            raise failure.saying(f"{unsigned.reason}; {failure.reason}") from None
    if keeping and keeping.lasts(days):
        kept = "without end" if keeping.kept_for is None else f"for {keeping.kept_for} days"
        return f"{short}, and {of_bucket}, which gets all of it too, keeps it {kept}"
    if config.bucket and (keeping is None or keeping.is_short_of(days)):
        copies = [each for each in copies if each != of_bucket]
    if not copies:
        # What else takes copies out of a bucket that is there, such as S3's replication, is not read here.
        return in_force("LOG-09", evidence) if keeping else None
    return signed_for(
        "LOG-09",
        f"{short}, and how long what goes to {' and '.join(copies)} is kept is not read here",
        evidence,
    )


def _deleted_from(config: LoggingConfig, days: int, evidence: Evidence) -> str:
    """What the bucket makes of it that gets it too, where that is known."""
    if not config.bucket:
        return ""
    keeping = evidence.bucket_keeping
    if keeping is None:
        return f"; bucket {config.bucket} does not exist"
    return f"; bucket {config.bucket} deletes it after {keeping.gone_after} days by its lifecycle rules"


@requirement("LOG-10")
def test_delivery_role_names_its_source(
    logging_config: LoggingConfig, delivery_role: list[Statement] | None, identity: Identity
) -> str:
    """The trust policy of the delivery role of invocation logging names this account as its source."""
    if not logging_config.role:
        not_applicable("invocation logging writes to S3 alone, without a role")
    role = logging_config.role.rsplit("/", 1)[-1]
    names: dict[str, Any] = {"role": role, "account": identity.account}
    expected = (
        f"{BEDROCK_SERVICE} admitted on condition that aws:SourceAccount or aws:SourceArn is this account's"
    )
    require(delivery_role is not None, expected=expected, observed=f"role {role} does not exist", **names)
    admitting = [
        each
        for each in delivery_role or ()
        if each.allows
        and any(kind == "Service" and name == BEDROCK_SERVICE for kind, name in each.principals)
    ]
    require(
        bool(admitting),
        expected=expected,
        observed=f"the trust policy of {role} does not admit {BEDROCK_SERVICE}",
        **names,
    )
    loose = [each for each in admitting if not _names_account(each, identity.account)]
    require(
        not loose,
        expected=expected,
        observed=f"statement {loose[0].name if loose else ''} of the trust policy of {role} admits "
        f"{BEDROCK_SERVICE} for {_sources(loose[0]) if loose else ''}",
        **names,
    )
    return f"role {role} admits {BEDROCK_SERVICE} for account {identity.account} alone"


def _sources(statement: Statement) -> str:
    """Whose the sources are that the statement admits, as it says itself."""
    told = [
        f"{operator} {name} {' or '.join(values)}"
        for operator, name, values in statement.conditions
        if name.lower().startswith("aws:source")
    ]
    return f"more than this account: {' and '.join(told)}" if told else "any account"


def _names_account(statement: Statement, account: str) -> bool:
    for operator, values in statement.condition("aws:SourceAccount"):
        # The values are alternatives: one account more lets that one in as well.
        if operator.startswith(("StringEquals", "StringLike")) and set(values) == {account}:
            return True
    return any(
        operator.startswith(("ArnLike", "ArnEquals", "StringLike", "StringEquals"))
        and values
        and all(f":{account}:" in value for value in values)
        for operator, values in statement.condition("aws:SourceArn")
    )


@requirement("LOG-11")
def test_only_allowed_payloads_are_logged(logging_config: LoggingConfig, evidence: Evidence) -> str:
    """Invocation logging records no other payloads than the policy allows."""
    allowed = evidence.settings.controls.invocation_payloads
    if not allowed:
        not_applicable("[controls] invocation_payloads names none, so all may be logged")
    beyond = [kind for kind in logging_config.payloads if kind not in allowed]
    require(
        not beyond,
        expected=f"no payloads but {', '.join(allowed)}",
        observed=f"invocation logging records {', '.join(beyond)} data too",
        value=", ".join(beyond),
    )
    return f"recorded: {', '.join(logging_config.payloads) or 'no payloads'}"


@requirement("LOG-12")
def test_buckets_are_closed(logging_config: LoggingConfig, logging_buckets: list[Bucket]) -> str:
    """Each S3 bucket that invocation logging writes to blocks public access and encrypts."""
    if not logging_config.buckets:
        not_applicable("invocation logging writes to no S3 bucket")
    for bucket in logging_buckets:
        names: dict[str, Any] = {"resource": bucket.name}
        expected = f"bucket {bucket.name} blocks public access and encrypts"
        require(bucket.exists, expected=expected, observed=f"bucket {bucket.name} does not exist", **names)
        require(
            not bucket.open_switches,
            expected=expected,
            observed=f"bucket {bucket.name}, and the account, without {', '.join(bucket.open_switches)}",
            **names,
        )
        require(
            bool(bucket.encryption),
            expected=expected,
            observed=f"bucket {bucket.name} has no default encryption",
            **names,
        )
    return f"{', '.join(bucket.name for bucket in logging_buckets)}: no public access, encrypted"
