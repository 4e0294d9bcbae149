"""What a world says of an account's controls, as the simulated services answer it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fixtures.simulation import dispatch, service
from fixtures.simulation.services import LATER
from fixtures.simulation.simulation import simulated
from fixtures.simulation.world import load_world
from tests.world_files import code, make_world, message

VPC, GROUP = "vpc-0a20000000000020", "sg-0a20000000000001"
MAY_DO_ALL = """
[role.policies]
All = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
"""


def enterprise(text: str = "") -> Any:
    return make_world(f'title = "t"\nextends = ["enterprise"]\n{text}')


def test_a_service_is_imported_when_it_is_first_asked() -> None:
    with simulated(load_world("enterprise")):
        assert not set(LATER) & set(dispatch.RESPONSES)
        boto3.Session().client("ec2").describe_vpcs()
        assert set(LATER) & set(dispatch.RESPONSES) == {"ec2"}
    assert "ec2" not in dispatch.RESPONSES


def test_endpoints_are_filtered_and_have_an_interface_for_each_subnet() -> None:
    with simulated(load_world("enterprise")):
        ec2 = boto3.Session().client("ec2")
        wanted = [{"Name": "service-name", "Values": ["com.amazonaws.us-east-1.sts"]}]
        (endpoint,) = ec2.describe_vpc_endpoints(Filters=wanted)["VpcEndpoints"]
        assert (endpoint["VpcEndpointId"], endpoint["PrivateDnsEnabled"]) == ("vpce-0a20000000000013", True)
        own = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])
        assert [e["PrivateIpAddress"] for e in own["NetworkInterfaces"]] == ["10.20.1.13", "10.20.2.13"]
        assert boto3.Session(region_name="us-west-2").client("ec2").describe_vpcs()["Vpcs"] == []
        with pytest.raises(ClientError) as unknown:
            ec2.describe_security_groups(GroupIds=[GROUP, "sg-nowhere"])
        assert (code(unknown), message(unknown)) == (
            "InvalidGroup.NotFound",
            "The ID 'sg-nowhere' does not exist",
        )


@pytest.mark.parametrize(
    ("name", "operation", "key"),
    [
        ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
        ("ec2", "describe_subnets", "Subnets"),
        ("iam", "list_service_specific_credentials", "ServiceSpecificCredentials"),
    ],
)
def test_listings_come_in_pages(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    operation: str,
    key: str,
) -> None:
    keys = "".join(f'[[service_credential]]\nid = "ACCAKEY{n}"\nuser = "u{n}"\n' for n in range(3))
    monkeypatch.setattr(service, "PAGE_SIZE", 1)
    with simulated(enterprise(keys)):
        client = boto3.Session().client(name)
        if client.can_paginate(operation):
            pages = list(client.get_paginator(operation).paginate())
        else:
            pages = [client.list_service_specific_credentials(AllUsers=True, Marker=str(n)) for n in range(3)]
        assert [len(page[key]) for page in pages] == [1] * len(pages) and len(pages) > 1


def test_an_empty_array_empties_what_is_inherited_and_an_entry_changes_one() -> None:
    emptied = make_world('title = "t"\nextends = ["enterprise"]\nvpc_endpoint = []\n')
    assert emptied.vpc_endpoint == () and emptied.subnet
    changed = enterprise('[[vpc_endpoint]]\nid = "vpce-0a20000000000012"\nstate = "failed"\n')
    states = {endpoint.id[-2:]: endpoint.state for endpoint in changed.vpc_endpoint}
    assert states == {"11": "available", "12": "failed", "13": "available"}


def test_the_policies_of_another_holder_can_be_taken_away_one_by_one() -> None:
    text = '[[permission_set]]\nname = "PreflightAuditor"\nattached."aws/SecurityAudit" = false\n'
    (reader,) = enterprise(text).permission_set
    assert reader.attached == {}


def test_the_root_user_is_who_sts_says() -> None:
    with simulated(load_world("ent-prd-02-root-keys")):
        assert boto3.Session().client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::210987654321:root"


def test_access_analyzer_finds_what_the_world_says_in_the_document() -> None:
    finding = '[[policy_finding]]\ncontains = "Tune"\ntype = "WARNING"\ncode = "X"\ndetails = "Mend it."\n'
    with simulated(make_world(MAY_DO_ALL + finding)):
        analyzer = boto3.Session().client("accessanalyzer")
        asked = {"policyType": "IDENTITY_POLICY"}
        assert (
            analyzer.validate_policy(policyDocument='{"Sid": "Tune"}', **asked)["findings"][0]["issueCode"]
            == "X"
        )
        assert analyzer.validate_policy(policyDocument='{"Sid": "Other"}', **asked)["findings"] == []


def test_a_host_name_has_the_worlds_addresses_or_a_public_one() -> None:
    dns = '[machine.network]\n"sts.us-east-1.amazonaws.com" = "dns"\n'
    with simulated(enterprise(dns)) as simulation:
        assert simulation.resolve("bedrock.us-east-1.amazonaws.com") == {"10.20.1.11", "10.20.2.11"}
        assert simulation.resolve("iam.amazonaws.com") == {"203.0.113.10"}
        with pytest.raises(OSError, match="Name or service not known"):
            simulation.resolve("sts.us-east-1.amazonaws.com")
