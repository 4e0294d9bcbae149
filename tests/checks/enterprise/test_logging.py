"""LOG: what CloudTrail and invocation logging record. Which world breaks what stands in the worlds themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fixtures.evidence.trails import selectors_of
from fixtures.simulation import service
from fixtures.simulation.world import Fault, World, load_world
from fixtures.text.shape import JsonObject
from tests.enterprise_edits import Edit, changed, trusted, trusting, with_settings
from tests.harness import judged
from tests.world_edits import both

LOG = tuple(f"LOG-{number:02}" for number in range(1, 13))
READS = {
    "cloudtrail:DescribeTrails": ("LOG-01", "LOG-02", "LOG-03", "LOG-04", "LOG-05", "LOG-07"),
    "cloudtrail:GetTrailStatus": ("LOG-02",),
    "cloudtrail:GetEventSelectors": ("LOG-03", "LOG-04", "LOG-07"),
    "cloudtrail:LookupEvents": ("LOG-06",),
    "bedrock:GetModelInvocationLoggingConfiguration": ("LOG-08", "LOG-09", "LOG-10", "LOG-11", "LOG-12"),
    "logs:DescribeLogGroups": ("LOG-09",),
    "s3:GetPublicAccessBlock": ("LOG-12",),
    "s3:GetBucketEncryption": ("LOG-12",),
}
ACTIONS = {
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}


def with_fault(world: World, operation: str, code: str, status: int = 403) -> World:
    return replace(world, faults={**world.faults, operation: Fault(code, "User is not authorized", status)})


@pytest.mark.parametrize("operation", READS)
def test_a_denied_read_leaves_its_requirements_open(operation: str) -> None:
    found = judged("enterprise", only=LOG, edit=lambda w: with_fault(w, operation, "AccessDenied"))

    assert found.with_status("inconclusive") == set(READS[operation])
    assert found.with_status("non_compliant") == set()
    for requirement in READS[operation]:
        assert found[requirement]["missing_actions"] == [ACTIONS.get(operation, operation)]


def test_of_two_trails_the_one_that_is_sealed_is_named() -> None:
    def edit(world: World) -> World:
        (own,) = world.trail
        return replace(world, trail=(replace(own, name="a-plain", kms_key=""), own))

    row = judged("enterprise", only=LOG, edit=edit)["LOG-05"]
    assert row["status"] == "compliant"
    assert row["observed"] == "trail organization validates its files and encrypts them with a KMS key"


@pytest.mark.parametrize(
    ("names", "others"), [((), ""), (("b", "c"), "; nor is any of 2 more as it should be")]
)
def test_it_is_said_how_many_other_trails_are_no_better(names: tuple[str, ...], others: str) -> None:
    def edit(world: World) -> World:
        (own,) = world.trail
        plain = replace(own, kms_key="")
        return replace(world, trail=(plain, *(replace(plain, name=name) for name in names)))

    row = judged("enterprise", only=LOG, edit=edit)["LOG-05"]
    assert row["status"] == "non_compliant"
    assert row["observed"] == f"trail organization is without a KMS key{others}"


def test_a_bucket_without_default_encryption_is_named() -> None:
    def edit(world: World) -> World:
        return replace(world, bucket=tuple(replace(each, encryption="") for each in world.bucket))

    found = judged("enterprise", only=LOG, edit=edit)
    assert found.root_causes == ["LOG-12"]
    assert found["LOG-12"]["observed"].endswith("has no default encryption")


@pytest.mark.parametrize("code", ["ThrottlingException", "ExpiredTokenException", "SomethingNew"])
def test_a_failed_read_is_no_verdict(code: str) -> None:
    found = judged(
        "enterprise", only=LOG[:5], edit=lambda w: with_fault(w, "cloudtrail:DescribeTrails", code, 400)
    )

    assert found.with_status("compliant") == found.with_status("non_compliant") == set()


def test_many_of_everything_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)

    def edit(world: World) -> World:
        own = world.log_group[-1]
        before = tuple(replace(own, name=f"{own.name}-{n}", kms_key="") for n in range(3))
        strangers = tuple(replace(world.event[0], id=f"e-{n}", user="ann") for n in range(3))
        return replace(world, log_group=(*before, *world.log_group), event=(*strangers, *world.event))

    assert judged("enterprise", only=LOG, edit=edit).with_status("compliant") == set(LOG)


def test_a_stopped_trail_does_not_hide_a_sound_one() -> None:
    def edit(world: World) -> World:
        other = replace(world.trail[0], name="another", logging=False)
        return replace(world, trail=(other, *world.trail))

    assert judged("enterprise", only=LOG[:5], edit=edit).with_status("compliant") == set(LOG[:5])


def test_trails_that_each_lack_something_are_not_taken_for_one_that_lacks_nothing() -> None:
    def edit(world: World) -> World:
        (own,) = world.trail
        reads = '{"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": true}]}'
        return replace(
            world, trail=(replace(own, name="stopped", logging=False), replace(own, selectors=reads))
        )

    found = judged("enterprise", only=LOG[:5], edit=edit)

    assert found.root_causes == ["LOG-03"]
    assert "write" in found["LOG-03"]["observed"]


def test_a_trail_of_this_region_alone_covers_it() -> None:
    def edit(world: World) -> World:
        (own,) = world.trail
        return replace(world, trail=(replace(own, multi_region=False),))

    assert judged("enterprise", only=("LOG-01",), edit=edit)["LOG-01"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ([{"StartsWith": ["arn:aws:bedrock:eu-west-1:"]}], "non_compliant"),
        ([{"Equals": ["arn:aws:bedrock:eu-west-1:210987654321:guardrail/a"]}], "non_compliant"),
        ([{"StartsWith": ["arn:aws:bedrock:eu-west-1:", "arn:aws:bedrock:us-east-1:"]}], "compliant"),
        ([{"StartsWith": ["arn:aws:bedrock:us"]}], "compliant"),
        ([{"StartsWith": ["arn:aws:bedrock:"]}], "compliant"),
        ([{"NotStartsWith": ["arn:aws:bedrock:eu-west-1:"]}], "compliant"),
    ],
    ids=["another Region", "a guardrail there", "both", "those of a country", "all", "not that one"],
)
def test_data_events_of_another_region_alone_are_none_here(
    conditions: list[dict[str, Any]], status: str
) -> None:
    def edit(world: World) -> World:
        (own,) = world.trail
        fields = [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::Bedrock::Guardrail"]},
            *({"Field": "resources.ARN", **each} for each in conditions),
        ]
        selectors = json.dumps({"AdvancedEventSelectors": [{"FieldSelectors": fields}]})
        return replace(world, trail=(replace(own, selectors=selectors),))

    assert judged("enterprise", only=("LOG-07",), edit=edit)["LOG-07"]["status"] == status


@pytest.mark.parametrize(
    ("kind", "found"),
    [("AWS::S3::Object", "no resource type of Bedrock"), ("AWS::Bedrock::Model", "AWS::Bedrock::Model")],
)
def test_it_is_said_which_data_events_of_bedrock_there_are(kind: str, found: str) -> None:
    def edit(world: World) -> World:
        (own,) = world.trail
        event = {"Field": "eventCategory", "Equals": ["Data"]}
        rows = [{"FieldSelectors": [event, {"Field": "resources.type", "Equals": [kind]}]}]
        return replace(world, trail=(replace(own, selectors=json.dumps({"AdvancedEventSelectors": rows})),))

    row = judged("enterprise", only=("LOG-07",), edit=edit)["LOG-07"]
    assert row["status"] == "non_compliant"
    assert row["observed"] == f"trail organization selects data events of {found}"


def test_a_strangers_call_is_not_taken_for_the_callers() -> None:
    def edit(world: World) -> World:
        return replace(world, event=tuple(replace(each, user="ann") for each in world.event))

    assert judged("enterprise", only=("LOG-06",), edit=edit)["LOG-06"]["status"] == "inconclusive"


def test_the_caller_who_never_ran_the_suite_is_told_to_come_back() -> None:
    found = judged("enterprise", only=("LOG-06",), edit=lambda w: replace(w, event=()))

    assert found["LOG-06"]["status"] == "inconclusive"
    assert "15 minutes" in found["LOG-06"]["reason"]


@pytest.mark.parametrize(
    ("row", "records"),
    [
        ({"ReadWriteType": "All", "IncludeManagementEvents": True}, {"true", "false"}),
        ({"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}, {"false"}),
        ({"ReadWriteType": "All", "IncludeManagementEvents": False}, set()),
    ],
)
def test_basic_selectors_admit_what_cloudtrail_says(row: dict[str, object], records: set[str]) -> None:
    selectors = selectors_of({"EventSelectors": [row]})

    admitted = {
        read_only
        for read_only in ("true", "false")
        if any(each.admits({"eventCategory": "Management", "readOnly": read_only}) for each in selectors)
    }
    assert admitted == records


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"ArnLike": {"aws:SourceArn": "arn:aws:bedrock:*:210987654321:*"}}, "compliant"),
        ({"StringEquals": {"aws:SourceAccount": "210987654321"}}, "compliant"),
        ({"StringEquals": {"aws:SourceAccount": ["210987654321", "111122223333"]}}, "non_compliant"),
        ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, "non_compliant"),
        ({"StringNotEquals": {"aws:SourceAccount": "210987654321"}}, "non_compliant"),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:bedrock:*:210987654321:*"}}, "non_compliant"),
        ({"ArnLike": {"aws:SourceArn": ["arn:aws:bedrock:*:210987654321:*", "*"]}}, "non_compliant"),
    ],
)
def test_the_source_is_this_account_and_no_other(condition: dict[str, Any], status: str) -> None:
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["bedrock.amazonaws.com"]},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ]
    }

    def edit(world: World) -> World:
        roles = tuple(
            replace(role, trust=json.dumps(trust)) if role.name == "BedrockInvocationLogging" else role
            for role in world.iam_role
        )
        return replace(world, iam_role=roles)

    assert judged("enterprise", only=("LOG-10",), edit=edit)["LOG-10"]["status"] == status


@pytest.mark.parametrize(
    ("condition", "admitted"),
    [
        ({}, "any account"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "any account"),
        (
            {"StringEquals": {"aws:SourceOrgID": "o-acme000000"}},
            "more than this account: StringEquals aws:SourceOrgID o-acme000000",
        ),
        (
            {"StringEquals": {"aws:SourceAccount": ["210987654321", "111122223333"]}},
            "more than this account: StringEquals aws:SourceAccount 210987654321 or 111122223333",
        ),
    ],
)
def test_whom_the_delivery_role_admits_is_said_as_its_policy_has_it(
    condition: dict[str, Any], admitted: str
) -> None:
    """Not everybody, where it is the own organisation."""
    principal = {"Service": "bedrock.amazonaws.com"}
    own = trusted(principal, **({"Condition": condition} if condition else {}))
    found = judged("enterprise", only=("LOG-10",), edit=trusting(own, role="BedrockInvocationLogging"))
    assert found["LOG-10"]["status"] == "non_compliant"
    assert found["LOG-10"]["observed"].endswith(f"admits bedrock.amazonaws.com for {admitted}")
    assert "aws:SourceAccount 210987654321" in found["LOG-10"]["remedy"][0]


def test_a_delivery_role_that_is_gone_is_named() -> None:
    def edit(world: World) -> World:
        kept = tuple(role for role in world.iam_role if role.name != "BedrockInvocationLogging")
        return replace(world, iam_role=kept)

    row = judged("enterprise", only=("LOG-10",), edit=edit)["LOG-10"]
    assert row["status"] == "non_compliant"
    assert row["observed"] == "role BedrockInvocationLogging does not exist"


def test_where_invocations_are_logged_is_told() -> None:
    observed = judged("enterprise", only=("LOG-08",), environment="production")["LOG-08"]["observed"]
    assert "log group bedrock-invocations and bucket acme-bedrock-payloads;" in observed


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        ({"logging": False}, True),
        ({"delivery_error": "KMS.DisabledException"}, False),
        ({"delivered_ago": None}, False),
    ],
)
def test_only_a_trail_that_was_stopped_is_to_be_started(changes: dict[str, Any], starts: bool) -> None:
    found = judged("enterprise", only=("LOG-02",), edit=changed("trail", "organization", **changes))
    lines = found["LOG-02"]["remedy"]
    assert lines[0].startswith("aws cloudtrail start-logging") == starts
    # Of the two ways to mend it the one that applies.
    assert len(lines) == 2
    assert any("mend" in line for line in lines) != starts
    assert starts or "the bucket acme-cloudtrail, or the KMS key arn:aws:kms:" in lines[0]
    assert lines[-1].startswith(
        "aws cloudtrail get-trail-status --name arn:aws:cloudtrail:us-east-1:210987654321:"
    )


STOPPED = {"logging": False, "delivered_ago": timedelta(days=3)}


@pytest.mark.parametrize(
    ("fault", "mended", "status"),
    [
        (STOPPED, {"logging": True, "started_ago": timedelta(minutes=2)}, "inconclusive"),
        (STOPPED, {"logging": True, "started_ago": timedelta(minutes=9), "delivered_ago": timedelta(0)}, "compliant"),
        (STOPPED, {"logging": True, "started_ago": timedelta(hours=2)}, "non_compliant"),
        ({"delivered_ago": None}, {"started_ago": timedelta(minutes=2)}, "inconclusive"),
        ({"delivery_error": "AccessDenied"}, {"delivery_error": "", "delivered_ago": timedelta(0)}, "compliant"),
        ({"delivery_error": "AccessDenied"}, {"started_ago": timedelta(minutes=9)}, "non_compliant"),
    ],
)  # fmt: skip
def test_a_trail_that_was_mended_delivers_or_has_begun_to(
    fault: dict[str, Any], mended: dict[str, Any], status: str
) -> None:
    """A trail that was started just now is no trail that its bucket keeps out."""
    before = judged("enterprise", only=("LOG-02",), edit=changed("trail", "organization", **fault))
    assert before["LOG-02"]["status"] == "non_compliant"
    after = judged(
        "enterprise", only=("LOG-02",), edit=changed("trail", "organization", **{**fault, **mended})
    )
    assert after["LOG-02"]["status"] == status
    assert status != "inconclusive" or "takes some minutes" in after["LOG-02"]["reason"]


def to_the_log_group_alone(world: World) -> World:
    logging = tuple(replace(each, bucket="") for each in world.invocation_logging)
    return replace(world, invocation_logging=logging)


@pytest.mark.parametrize(
    ("changes", "months", "commands"),
    [
        ({"kms_key": ""}, 0, ["associate-kms-key"]),
        ({"retention_days": 0}, 0, ["put-retention-policy --log-group-name bedrock-invocations --retention-in-days 365"]),
        ({"retention_days": 0}, 3, ["put-retention-policy --log-group-name bedrock-invocations --retention-in-days 90"]),
        ({"retention_days": 400}, 36, ["put-retention-policy --log-group-name bedrock-invocations --retention-in-days 1096"]),
        ({"retention_days": 0, "kms_key": ""}, 0, ["put-retention-policy", "associate-kms-key"]),
        ({"name": "another"}, 0, ["create-log-group", "put-retention-policy", "associate-kms-key"]),
    ],
)  # fmt: skip
def test_a_log_groups_remedy_changes_nothing_that_is_as_it_should_be(
    changes: dict[str, Any], months: int, commands: list[str]
) -> None:
    """A short retention is chosen as well as a long one, and so is a key; and the next run is content."""
    settings = with_settings("enterprise", logging={"minimum_months": months})
    edit = both(to_the_log_group_alone, changed("log_group", "bedrock-invocations", **changes))
    row = judged("enterprise", only=("LOG-09",), edit=edit, settings=settings)["LOG-09"]
    assert row["status"] == "non_compliant"
    assert len(row["remedy"]) == len(commands)
    assert all(f"aws logs {each}" in line for line, each in zip(row["remedy"], commands, strict=True))

    mended = dict(changes, name="bedrock-invocations")
    for line in row["remedy"]:
        words = line.split()
        if "--retention-in-days" in words:
            mended["retention_days"] = int(words[words.index("--retention-in-days") + 1])
        if "associate-kms-key" in words:
            mended["kms_key"] = "arn:aws:kms:us-east-1:210987654321:key/logs"
    edit = changed("log_group", "bedrock-invocations", **mended)
    assert (
        judged("enterprise", only=("LOG-09",), edit=edit, settings=settings)["LOG-09"]["status"]
        == "compliant"
    )


ARCHIVE = "ok-ent-invocations-kept-in-a-log-archive"


def unsigned(world: World) -> World:
    rows = [row for row in world.settings["attestation"] if row["requirement"] != "LOG-09"]
    return replace(world, settings={**world.settings, "attestation": rows})


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        (lambda world: world, "compliant"),
        (unsigned, "inconclusive"),
        (changed("log_group", "bedrock-invocations", subscribed=()), "non_compliant"),
        (changed("log_group", "bedrock-invocations", subscription_pattern="ERROR"), "non_compliant"),
        (changed("log_group", "bedrock-invocations", retention_days=0), "non_compliant"),
        (changed("log_group", "bedrock-invocations", kms_key=""), "non_compliant"),
    ],
    ids=["signed", "unsigned", "nowhere", "a part", "for ever", "no key"],
)  # fmt: skip
def test_a_short_retention_is_for_who_keeps_the_record_elsewhere(edit: Edit, status: str) -> None:
    row = judged(ARCHIVE, only=("LOG-09",), edit=edit)["LOG-09"]
    assert row["status"] == status
    if status == "inconclusive":
        assert "how long what goes to " in row["reason"] and "requirement = LOG-09 tells" in row["reason"]


IN_BUCKET = "ok-ent-invocations-kept-in-their-bucket"


def ruled(*rules: dict[str, Any], versioning: str = "") -> Edit:
    """The bucket with these lifecycle rules, each enabled and for all objects where it does not say otherwise."""
    whole = [{"Status": "Enabled", "Filter": {"Prefix": ""}, **rule} for rule in rules]
    text = JsonObject(json.dumps({"Rules": whole})) if rules else None
    return changed("bucket", "acme-bedrock-payloads", lifecycle=text, versioning=versioning)


def expiring(days: int, **rule: Any) -> dict[str, Any]:
    return {"Expiration": {"Days": days}, **rule}


LATER = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
BELOW = "AWSLogs/210987654321/BedrockModelInvocationLogs/us-east-1/"


@pytest.mark.parametrize(
    ("edit", "status", "told"),
    [
        (ruled(), "compliant", "keeps it without end"),
        (ruled(expiring(731)), "compliant", "keeps it for 731 days"),
        (ruled(expiring(90), expiring(731)), "non_compliant", "deletes it after 90 days"),
        (ruled(expiring(90, Status="Disabled")), "compliant", "without end"),
        (ruled(expiring(90, Filter={"Prefix": "AWSLogs/"})), "non_compliant", "after 90 days"),
        (ruled(expiring(90, Filter={}, Prefix=BELOW)), "non_compliant", "after 90 days"),
        (ruled(expiring(90, Filter={"Prefix": "other/"})), "compliant", "without end"),
        (
            ruled(expiring(90, Filter={"Prefix": f"{BELOW}2026/"})),
            "inconclusive",
            "bucket acme-bedrock-payloads",
        ),
        (ruled(expiring(90, Filter={"Tag": {"Key": "a", "Value": "b"}})), "inconclusive", "not read here"),
        (
            ruled(expiring(90, Filter={"And": {"Prefix": "", "ObjectSizeGreaterThan": 500}})),
            "inconclusive",
            "not read here",
        ),
        (ruled({"Expiration": {"Date": "2030-01-01T00:00:00Z"}}), "inconclusive", "not read here"),
        (ruled(expiring(90), versioning="Enabled"), "inconclusive", "not read here"),
        (ruled(expiring(90, **LATER), versioning="Enabled"), "non_compliant", "after 120 days"),
        (ruled(expiring(350, **LATER), versioning="Enabled"), "inconclusive", "not read here"),
        (ruled(expiring(90, **LATER), versioning="Suspended"), "inconclusive", "not read here"),
        (ruled(LATER, versioning="Enabled"), "compliant", "without end"),
        (changed("bucket", "acme-bedrock-payloads", name="another"), "non_compliant", "does not exist"),
    ],
    ids=[
        "no rules",
        "long",
        "the shorter of two",
        "off",
        "above",
        "just there, as of old",
        "beside",
        "below",
        "tagged",
        "large ones",
        "a day",
        "as versions",
        "versions too",
        "versions, then long",
        "suspended",
        "versions alone",
        "no bucket",
    ],
)
def test_how_long_the_bucket_keeps_it_decides_where_the_log_group_is_kept_short(
    edit: Edit, status: str, told: str
) -> None:
    row = judged(IN_BUCKET, only=("LOG-09",), edit=edit)["LOG-09"]
    assert row["status"] == status
    assert told in (row["observed"] if status != "inconclusive" else row["reason"])
    if status == "non_compliant":
        assert (
            "put-retention-policy --log-group-name bedrock-invocations --retention-in-days 365"
            in row["remedy"][0]
        )
    if status == "inconclusive":
        assert "requirement = LOG-09 tells" in row["reason"]


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("s3:GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
        ("s3:GetBucketVersioning", "s3:GetBucketVersioning"),
    ],
)
def test_rules_that_may_not_be_read_leave_it_open_and_a_signature_decides(
    operation: str, action: str
) -> None:
    def unread(world: World) -> World:
        return with_fault(world, operation, "AccessDenied")

    row = judged(IN_BUCKET, only=("LOG-09",), edit=unread)["LOG-09"]
    assert row["status"] == "inconclusive"
    assert row["missing_actions"] == [action]
    assert "how long what goes to bucket acme-bedrock-payloads is kept is not known" in row["reason"]
    signed = load_world(ARCHIVE).settings["attestation"]

    def signed_for(world: World) -> World:
        return replace(unread(world), settings={**world.settings, "attestation": signed})

    assert judged(IN_BUCKET, only=("LOG-09",), edit=signed_for)["LOG-09"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        (ruled(expiring(90)), "compliant"),
        (changed("bucket", "acme-bedrock-payloads", name="another"), "non_compliant"),
    ],
    ids=["copied from there", "not there"],
)
def test_who_keeps_copies_of_what_a_bucket_deletes_too_soon_signs_for_that(edit: Edit, status: str) -> None:
    signed = load_world(ARCHIVE).settings["attestation"]

    def signed_for(world: World) -> World:
        return replace(world, settings={**world.settings, "attestation": signed})

    assert judged(IN_BUCKET, only=("LOG-09",), edit=both(edit, signed_for))["LOG-09"]["status"] == status


def test_a_bucket_that_deletes_too_soon_hides_no_archive() -> None:
    archived = changed(
        "log_group",
        "bedrock-invocations",
        subscribed=("arn:aws:logs:us-east-1:444455556666:destination:log-archive",),
    )
    row = judged(IN_BUCKET, only=("LOG-09",), edit=both(ruled(expiring(90)), archived))["LOG-09"]
    assert row["status"] == "inconclusive"
    assert "what goes to arn:aws:logs:us-east-1:444455556666:destination:log-archive is kept" in row["reason"]


READS_ONLY = JsonObject(
    '{"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": true}]}'
)
WITHOUT_BEDROCK = JsonObject(
    json.dumps(
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "eventSource", "NotEquals": ["bedrock.amazonaws.com"]},
                    ]
                }
            ]
        }
    )
)


@pytest.mark.parametrize(
    ("requirement", "fault", "does"),
    [
        ("LOG-02", {"logging": False}, "starts it again"),
        ("LOG-03", {"selectors": READS_ONLY}, "has it record management events, read and write"),
        ("LOG-04", {"selectors": WITHOUT_BEDROCK}, "takes the exclusion of bedrock.amazonaws.com out"),
        ("LOG-05", {"kms_key": ""}, "gives it a KMS key, in the landing zone's settings"),
        ("LOG-07", {"selectors": WITHOUT_BEDROCK}, "or this account makes a trail of its own"),
    ],
)
def test_only_the_account_that_owns_a_trail_is_asked_to_change_it(
    requirement: str, fault: dict[str, Any], does: str
) -> None:
    """An organisation's trail, of which its members see all and change nothing."""
    own = judged("enterprise", only=(requirement,), edit=changed("trail", "organization", **fault))
    theirs = judged(
        "enterprise",
        only=(requirement,),
        edit=changed("trail", "organization", account="111122223333", organization=True, **fault),
    )
    assert own[requirement]["status"] == theirs[requirement]["status"] == "non_compliant"
    assert own[requirement]["observed"] == theirs[requirement]["observed"]
    said, reading = theirs[requirement]["remedy"]
    assert said.startswith("# account 111122223333, whose the trail is and which alone can change it, ")
    assert does in said and not any("111122223333" in line for line in own[requirement]["remedy"])
    assert reading.split()[2].startswith(("get-", "describe-"))
