"""VPC endpoints: which endpoint a service's name leads to, and whether the workload may use it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from fixtures.evidence.vpc import Rule, left_out
from fixtures.simulation import service
from fixtures.simulation.controls import Ingress, SecurityGroup, VpcEndpoint
from fixtures.simulation.world import World
from fixtures.text.shape import JsonObject
from tests.bedrock_edits import ACCOUNT, both
from tests.enterprise_edits import Edit, changed, failing, with_settings
from tests.harness import Judged, judged

GROUP = tuple(f"NET-0{number}" for number in range(1, 7))
SERVICES = ("bedrock-runtime", "bedrock", "sts")
RUNTIME, CONTROL, STS = "vpce-0a20000000000012", "vpce-0a20000000000011", "vpce-0a20000000000013"
GROUP_ID, VPC = "sg-0a20000000000001", "vpc-0a20000000000020"
HOST = "bedrock-runtime.us-east-1.amazonaws.com"


def found(*edits: Edit, only: Sequence[str] = GROUP, world: str = "enterprise", **options: Any) -> Judged:
    return judged(world, edit=both(*edits), only=tuple(only), **options)


def on(world: str) -> Judged:
    return judged(world, only=GROUP)


def endpoint(**changes: Any) -> Edit:
    return changed("vpc_endpoint", RUNTIME, **changes)


def one_more(identifier: str, **values: Any) -> Edit:
    made = VpcEndpoint(identifier, "bedrock-runtime", values.pop("vpc", VPC), **values)
    return lambda world: replace(world, vpc_endpoint=(*world.vpc_endpoint, made))


def addresses(**hosts: tuple[str, ...]) -> Edit:
    named = {f"{name.replace('_', '-')}.us-east-1.amazonaws.com": own for name, own in hosts.items()}

    def edit(world: World) -> World:
        return replace(world, machine=replace(world.machine, addresses={**world.machine.addresses, **named}))

    return edit


def admitting(*rules: Ingress) -> Edit:
    return changed("security_group", GROUP_ID, ingress=rules)


def test_where_no_endpoints_are_required_nothing_is_asked() -> None:
    result = judged("compliant", only=GROUP)
    assert {row["status"] for row in result.results.values()} == {"not_applicable"}
    assert {row["reason"] for row in result.results.values()} == {"[controls] vpc_endpoints is false"}
    assert result.readings == []


def test_endpoints_as_they_should_be_are_compliant_for_each_service() -> None:
    assert found().with_status("compliant") == {f"{name} {case}" for name in GROUP for case in SERVICES}


# --------------------------------------------------------------------------------------------------- NET-01


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"state": "deleting"}, f"{RUNTIME} is deleting"),
        ({"state": "pendingAcceptance"}, f"{RUNTIME} is pendingAcceptance"),
        ({"type": "Gateway"}, "none in us-east-1"),
        ({"service": "bedrock-agent-runtime"}, "none in us-east-1"),
        ({"region": "us-west-2"}, "none in us-east-1"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_none(changes: dict[str, Any], observed: str) -> None:
    result = found(endpoint(**changes), addresses(bedrock_runtime=("3.208.0.80",)))
    assert result.root_causes == ["NET-01"]
    row = result["NET-01", "bedrock-runtime"]
    assert row["observed"] == observed
    assert f"--service-name com.amazonaws.us-east-1.bedrock-runtime --vpc-id {VPC}" in row["remedy"][0]
    for requirement in GROUP[1:]:
        assert result[requirement, "bedrock-runtime"]["behind"] == "NET-01"
        assert result[requirement, "sts"]["status"] == "compliant"


def test_only_the_workloads_own_vpc_counts_where_it_is_named() -> None:
    elsewhere = with_settings("enterprise", controls={"vpc": "vpc-0b30000000000030"})
    result = found(settings=elsewhere, only=["NET-01"])
    assert result["NET-01", "sts"]["observed"] == "none in vpc-0b30000000000030 in us-east-1"
    here = with_settings("enterprise", controls={"vpc": VPC})
    assert found(settings=here).root_causes == []


NO_ENDPOINTS: Edit = lambda world: replace(world, vpc_endpoint=())  # noqa: E731
PUBLIC = {"bedrock_runtime": ("3.208.0.80",), "bedrock": ("3.208.0.81",), "sts": ("3.208.0.82",)}


def test_where_a_name_leads_to_private_addresses_somebody_has_an_endpoint() -> None:
    """An account whose network is shared with it has none itself, and could make none there."""
    result = found(NO_ENDPOINTS)
    assert result.root_causes == []
    row = result["NET-01", "bedrock-runtime"]
    assert row["status"] == "inconclusive"
    assert f"{HOST} resolves to 10.20.1.12, 10.20.2.12" in row["reason"]
    assert "[network] endpoint_accounts" in row["reason"]
    settings = with_settings("enterprise", network={"endpoint_accounts": ("444455556666",)})
    assert found(NO_ENDPOINTS, settings=settings).with_status("inconclusive") == set()


@pytest.mark.parametrize(
    ("edit", "controls"),
    [
        (NO_ENDPOINTS, {"vpc": VPC}),
        (lambda world: replace(world, vpc_endpoint=world.vpc_endpoint[2:]), {}),
    ],
    ids=["whose VPC is shared with the account", "of some services alone"],
)
def test_endpoints_of_another_account_are_not_missed_in_this_one(
    edit: Edit, controls: dict[str, str]
) -> None:
    settings = with_settings("enterprise", controls=controls)
    result = found(edit, settings=settings)
    assert result["NET-01", "bedrock-runtime"]["status"] == "inconclusive"
    assert not result.with_status("non_compliant")

    central = with_settings("enterprise", controls=controls, network={"endpoint_accounts": ("444455556666",)})
    assert found(edit, settings=central).with_status("inconclusive") == set()
    outside = addresses(bedrock_runtime=("3.208.0.80",))
    assert found(edit, outside, settings=central).root_causes == ["NET-01"]


def test_a_fips_host_is_led_to_by_the_endpoint_for_fips_alone() -> None:
    result = judged("ent-net-01-not-the-endpoint-for-fips", only=GROUP)
    (command,) = result["NET-01", "bedrock-runtime"]["remedy"]
    assert "--service-name com.amazonaws.us-east-1.bedrock-runtime-fips " in command
    mended = endpoint(service="bedrock-runtime-fips")
    led = addresses(bedrock_runtime_fips=("10.20.1.12", "10.20.2.12"))
    assert (
        judged("ent-net-01-not-the-endpoint-for-fips", only=GROUP, edit=both(mended, led)).root_causes == []
    )


@pytest.mark.parametrize(
    "edit",
    [addresses(**PUBLIC), addresses(bedrock_runtime=("10.20.1.12", "3.208.0.80"))],
    ids=["public", "both"],
)
def test_without_any_endpoint_a_name_that_leads_outside_is_found(edit: Edit) -> None:
    row = found(NO_ENDPOINTS, edit, only=["NET-01"])["NET-01", "bedrock-runtime"]
    assert (row["status"], row["observed"]) == ("non_compliant", "none in us-east-1")
    assert "--vpc-id VPC " in row["remedy"][0]


# ------------------------------------------------------------------------------------- NET-02, NET-03, NET-05


def test_private_dns_is_not_missed_where_a_zone_of_somebodys_own_leads_to_the_endpoint() -> None:
    off = endpoint(private_dns=False)
    result = found(off)
    assert result.with_status("compliant") == {f"{name} {case}" for name in GROUP for case in SERVICES}
    assert found(off, addresses(bedrock_runtime=("10.20.9.9",))).root_causes == ["NET-02"]
    unread = found(off, failing("ec2:DescribeNetworkInterfaces", "UnauthorizedOperation"), only=["NET-02"])
    assert unread.with_status("inconclusive") == {"NET-02 bedrock-runtime"}
    outside = both(off, addresses(**PUBLIC), failing("ec2:DescribeNetworkInterfaces"))
    assert found(outside, only=["NET-02"]).root_causes == ["NET-02"]


def test_private_dns_that_is_off_explains_the_public_address() -> None:
    result = on("ent-net-02-no-private-dns")
    assert result.root_causes == ["NET-02"]
    assert result["NET-02", "bedrock-runtime"]["observed"] == f"{RUNTIME} for bedrock-runtime has it off"
    assert (
        f"--vpc-endpoint-id {RUNTIME} --private-dns-enabled"
        in result["NET-02", "bedrock-runtime"]["remedy"][0]
    )
    assert result["NET-06", "bedrock-runtime"]["behind"] == "NET-02"


def test_an_endpoint_in_one_zone_is_found_however_many_subnets_it_has() -> None:
    result = on("ent-net-03-one-zone")
    assert result.root_causes == ["NET-03"]
    assert result["NET-03", "bedrock"]["observed"] == f"{CONTROL} for bedrock is in us-east-1a"


OPEN = '{"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}'


@pytest.mark.parametrize(
    "policy",
    [
        None,
        OPEN,
        '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["*"], "Resource": ["*"]}}',
        OPEN.replace(
            "[{",
            '[{"Sid": "No", "Action": "bedrock:Put*", "Effect": "Deny", "Principal": "*", "Resource": "*"}, {',
        ),
        # A condition that everybody meets.
        OPEN.replace('"Effect"', '"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}, "Effect"'),
        OPEN.replace(
            '"Effect"', '"Condition": {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::1:*", "*"]}}, "Effect"'
        ),
    ],
)
def test_the_open_default_policy_is_found_in_every_spelling(policy: str | None) -> None:
    text = None if policy is None else JsonObject(policy)
    result = found(endpoint(policy=text), only=["NET-05"])
    assert result.with_status("non_compliant") == {"NET-05 bedrock-runtime"}
    assert (
        result["NET-05", "bedrock-runtime"]["observed"]
        == f"{RUNTIME} for bedrock-runtime lets everybody do everything"
    )


def test_the_policy_for_sts_leaves_room_for_calls_that_nobody_signs() -> None:
    """They have no account, so that the policy by account alone would end those of every pod and CI job."""
    sts = changed("vpc_endpoint", STS, policy=JsonObject(OPEN))
    result = found(both(endpoint(policy=JsonObject(OPEN)), sts), only=["NET-05"])
    told = {case: " ".join(result["NET-05", case]["remedy"]) for case in ("sts", "bedrock-runtime")}
    assert "# STS takes calls that nobody signs" in told["sts"]
    assert "AssumeRoleWithWebIdentity" not in told["bedrock-runtime"]

    policy = json.loads(result["NET-05", "sts"]["remedy"][1].removeprefix("# "))
    unsigned = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/*",
    }
    policy["Statement"].append(unsigned)
    mended = changed("vpc_endpoint", STS, policy=JsonObject(json.dumps(policy)))
    assert found(mended, only=["NET-05"])["NET-05", "sts"]["status"] == "compliant"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Principal": "*"', '"Principal": {"AWS": "arn:aws:iam::210987654321:root"}'),
        ('"Action": "*"', '"Action": "bedrock:*"'),
        ('"Resource": "*"', '"Resource": "arn:aws:bedrock:*"'),
        (
            '"Effect": "Allow"',
            '"Effect": "Allow", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}',
        ),
        (
            '"Effect": "Allow"',
            '"Effect": "Allow", "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1:*"}}',
        ),
        (
            '"Effect": "Allow"',
            '"Effect": "Allow", "Condition": {"StringNotLike": {"aws:PrincipalArn": "*"}}',
        ),
        ('"Effect": "Allow"', '"Effect": "Deny"'),
    ],
)
def test_a_policy_that_limits_something_is_not_the_default(old: str, new: str) -> None:
    result = found(endpoint(policy=JsonObject(OPEN.replace(old, new))), only=["NET-05"])
    assert result["NET-05", "bedrock-runtime"]["status"] == "compliant"


# --------------------------------------------------------------------------------------------------- NET-04


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (Ingress(from_port=80, to_port=80, cidrs=("10.20.0.0/16",)),),
        (Ingress(protocol="udp", cidrs=("10.20.0.0/16",)),),
        (Ingress(cidrs=("10.20.0.0/17",)),),
        (Ingress(cidrs=("192.168.0.0/16",)),),
    ],
)
def test_a_network_that_is_not_admitted_is_found(rules: tuple[Ingress, ...]) -> None:
    result = found(admitting(*rules), only=["NET-04"])
    assert result.root_causes == ["NET-04"]
    row = result["NET-04", "bedrock-runtime"]
    assert row["observed"] == f"{GROUP_ID} of {RUNTIME} for bedrock-runtime does not admit 10.20.0.0/16"
    assert f"--group-id {GROUP_ID} --protocol tcp --port 443 --cidr 10.20.0.0/16" in row["remedy"][0]


@pytest.mark.parametrize(
    "rules",
    [
        (Ingress(cidrs=("0.0.0.0/0",)),),
        (Ingress(protocol="-1", cidrs=("10.0.0.0/8",)),),
        (Ingress(from_port=0, to_port=65535, cidrs=("10.20.0.0/16",)),),
        (Ingress(cidrs=("10.20.0.0/17",)), Ingress(from_port=440, to_port=450, cidrs=("10.20.128.0/17",))),
    ],
)
def test_a_network_may_be_admitted_in_many_ways(rules: tuple[Ingress, ...]) -> None:
    assert found(admitting(*rules), only=["NET-04"]).root_causes == []


def test_the_workloads_network_is_the_configured_one() -> None:
    settings = with_settings("enterprise", controls={"workload_networks": ("10.20.7.0/24", "10.99.0.0/16")})
    result = found(settings=settings, only=["NET-04"])["NET-04", "sts"]
    assert result["expected"] == "port 443 from 10.20.7.0/24, 10.99.0.0/16"
    assert result["observed"].endswith("does not admit 10.99.0.0/16")


def test_a_security_group_of_the_workload_admits_it() -> None:
    assert on("ok-ent-workload-admitted-by-its-group").root_causes == []
    by_group = admitting(Ingress(groups=("sg-0a20000000000077",)))
    unknown = found(by_group, only=["NET-04"])["NET-04", "sts"]
    assert unknown["status"] == "inconclusive"
    assert "admits sg-0a20000000000077: name the workload's networks or security groups" in unknown["reason"]
    besides = admitting(Ingress(groups=("sg-0a20000000000077",)), Ingress(cidrs=("10.20.0.0/16",)))
    assert found(besides, only=["NET-04"])["NET-04", "sts"]["status"] == "compliant"
    other = with_settings("enterprise", controls={"workload_security_groups": ("sg-0a20000000000099",)})
    assert found(by_group, settings=other, only=["NET-04"])["NET-04", "sts"]["status"] == "non_compliant"


def test_a_prefix_list_is_not_guessed() -> None:
    result = found(admitting(Ingress(prefix_lists=("pl-1",))), only=["NET-04"])["NET-04", "sts"]
    assert result["status"] == "inconclusive" and "pl-1" in result["reason"]


def test_any_of_several_security_groups_may_admit_the_workload() -> None:
    other = SecurityGroup("sg-0a20000000000002", VPC, (Ingress(cidrs=("10.20.0.0/16",)),))
    both = endpoint(security_groups=(GROUP_ID, other.id))
    result = found(
        admitting(), both, lambda w: replace(w, security_group=(*w.security_group, other)), only=["NET-04"]
    )
    assert result["NET-04", "bedrock-runtime"]["status"] == "compliant"
    assert result["NET-04", "bedrock"]["status"] == "non_compliant"


def test_networks_are_left_out_by_family() -> None:
    wanted = tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8")))
    rule = Rule(tuple(map(ip_network, ("10.0.0.0/9", "10.128.0.0/9", "::/0"))), (), ())
    assert left_out(wanted, [rule]) == []
    assert left_out(wanted, []) == ["10.0.0.0/8", "fd00::/8"]


# --------------------------------------------------------------------------------------------------- NET-06


def test_a_name_that_leads_to_the_public_address_is_found() -> None:
    result = on("ent-net-06-public-address")
    assert result.root_causes == ["NET-06"]
    row = result["NET-06", "bedrock-runtime"]
    assert (row["expected"], row["observed"]) == (
        f"{HOST} resolves to 10.20.1.12, 10.20.2.12",
        "203.0.113.80",
    )
    assert "let this machine ask the VPC's resolver" in row["remedy"][0]
    public = ("203.0.113.80",)
    outside = found(addresses(bedrock_runtime=public, bedrock=public, sts=public), only=["NET-06"])
    assert outside.root_causes == ["NET-06"]


def test_one_address_of_the_endpoint_is_enough_and_one_of_another_is_too_much() -> None:
    assert found(addresses(bedrock_runtime=("10.20.2.12",)), only=["NET-06"]).root_causes == []
    mixed = found(addresses(bedrock_runtime=("10.20.2.12", "10.20.9.9")), only=["NET-06"])
    assert mixed.with_status("non_compliant") == {"NET-06 bedrock-runtime"}


def test_a_name_without_an_address_is_no_verdict_here() -> None:
    unresolved: Edit = lambda world: replace(  # noqa: E731
        world, machine=replace(world.machine, network={HOST: "dns"})
    )
    result = found(unresolved, only=["NET-06"])["NET-06", "bedrock-runtime"]
    assert result["status"] in ("blocked", "inconclusive")
    assert result["observed"] is None


# ------------------------------------------------------------------------------------- many, and what is not read


def test_endpoints_that_this_network_does_not_use_raise_nothing() -> None:
    assert on("ok-ent-endpoints-of-other-networks").root_causes == []


def test_of_several_endpoints_the_one_with_private_dns_is_judged() -> None:
    second = one_more("vpce-00000000000000000", private_dns=False, policy=None)
    assert found(second).root_causes == []
    opened = both(second, endpoint(policy=JsonObject(OPEN)))
    assert found(opened, only=["NET-05"]).with_status("non_compliant") == {"NET-05 bedrock-runtime"}


def test_endpoints_are_found_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE_SIZE", 1)
    many = [one_more(f"vpce-0000000000000000{n}", private_dns=False, state="failed") for n in range(5)]
    assert found(*many).with_status("compliant") == {f"{name} {case}" for name in GROUP for case in SERVICES}


@pytest.mark.parametrize(
    ("operation", "requirements"),
    [
        ("ec2:DescribeVpcEndpoints", set(GROUP)),
        ("ec2:DescribeSubnets", {"NET-03"}),
        ("ec2:DescribeSecurityGroups", {"NET-04"}),
        ("ec2:DescribeVpcs", {"NET-04"}),
        ("ec2:DescribeNetworkInterfaces", {"NET-06"}),
    ],
)
def test_what_is_denied_is_inconclusive_with_the_action(operation: str, requirements: set[str]) -> None:
    result = found(failing(operation, "UnauthorizedOperation"))
    unread = [row for row in result.results.values() if row["status"] == "inconclusive"]
    assert {row["requirement"] for row in unread} == requirements
    assert all(row["missing_actions"] == [operation] for row in unread)
    assert len(unread) == len(requirements) * len(SERVICES)


def test_each_kind_of_resource_takes_one_call() -> None:
    calls = [r["name"] for r in found().readings if r["name"].startswith("ec2:")]
    assert sorted(calls) == sorted(set(calls)) and len(calls) == 5
