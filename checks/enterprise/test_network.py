"""Security best practices, network: interface endpoints for Bedrock and STS, where they are required."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from checks.requirement import not_applicable, require, requirement
from fixtures.aws.policy_document import Statement
from fixtures.evidence import Evidence
from fixtures.evidence.identity import Identity
from fixtures.evidence.vpc import Endpoint, Networks, Resolved, Rule, left_out
from fixtures.readings import Unavailable

FEWEST_ZONES = 2


def _used(endpoints: dict[str, Endpoint], service: str, evidence: Evidence) -> Endpoint:
    """The endpoint that the service's name leads to; Unavailable where there is none, which NET-01 is about."""
    central = evidence.settings.network.endpoint_accounts
    if service not in endpoints and central:
        not_applicable(
            f"[network] endpoint_accounts: the endpoint for {service} is account {central[0]}'s to judge"
        )
    if service not in endpoints:
        raise Unavailable(f"there is no available endpoint for {service}", given=("no-endpoint",))
    return endpoints[service]


@requirement("NET-01", asks=("account_endpoints", "endpoint_services", "resolved_names"))
def test_service_has_an_endpoint(
    case: str,
    vpc_endpoints: dict[str, list[Endpoint]],
    evidence: Evidence,
) -> str:
    """Where VPC endpoints are required, the service has an available interface endpoint."""
    # A central endpoint stands in another account, whose endpoints nobody lists from here: its names are what can be seen.
    if evidence.settings.network.endpoint_accounts and not any(
        each.available for each in vpc_endpoints[case]
    ):
        _require_private(evidence.resolved_names[case])
        return f"{case} resolves to the private addresses of a central endpoint"
    endpoints, vpc = vpc_endpoints[case], evidence.settings.controls.vpc
    # One for it in another VPC of this account's own is no endpoint of another account.
    if not evidence.account_endpoints[case]:
        _require_nobody_elses(evidence.resolved_names[case])
    others = sorted(
        {endpoint.vpc for own in vpc_endpoints.values() for endpoint in own if endpoint.available}
    )
    where = f" in {vpc}" if vpc else ""
    states = [f"{endpoint.id} is {endpoint.state}" for endpoint in endpoints]
    require(
        any(endpoint.available for endpoint in endpoints),
        expected=f"an available interface endpoint for {case}{where}",
        observed=", ".join(states) or f"none{where} in {evidence.target.region}",
        service=evidence.endpoint_services[case],
        resource=vpc or next(iter(others), "VPC"),
    )
    return ", ".join(f"{endpoint.id} is {endpoint.state}" for endpoint in endpoints)


def _require_private(name: Resolved) -> None:
    """A central endpoint of another account cannot be read from here: that the name leads to private addresses proves it."""
    outside = sorted(each for each in name.addresses if not ip_address(each).is_private)
    require(
        bool(name.addresses) and not outside,
        expected=f"{name.host} resolves here to the private addresses of a central endpoint",
        observed=f"{name.host} resolves to {', '.join(outside) or 'nothing'}",
        remedy=[
            f"# whoever runs the central endpoints associates the private hosted zone of {name.host} with this VPC, or lets its"
            " resolver forward the name",
        ],
    )


def _require_nobody_elses(name: Resolved) -> None:
    """An account whose network is shared with it, or led through a hub, has no endpoints itself: where a name leads to private
    addresses somebody has one."""
    try:
        addresses = sorted(name.addresses)
    except Unavailable:
        return
    if addresses and all(ip_address(each).is_private for each in addresses):
        raise Unavailable(
            f"this account has no such endpoint, and {name.host} resolves to {', '.join(addresses)}: where that is an "
            "endpoint of another account, name the account in [network] endpoint_accounts"
        )


@requirement("NET-02", asks=("endpoint_addresses", "resolved_names"))
def test_endpoint_has_private_dns(case: str, used_endpoints: dict[str, Endpoint], evidence: Evidence) -> str:
    """The service's endpoint has private DNS on, or a zone of somebody's own leads the name to it."""
    endpoint = _used(used_endpoints, case, evidence)
    if not endpoint.private_dns and _leads_to(endpoint, evidence.resolved_names[case], evidence):
        return f"{endpoint.id} for {case} has it off, and {evidence.resolved_names[case].host} leads to it all the same"
    require(
        endpoint.private_dns,
        expected="private DNS",
        observed=f"{endpoint.id} for {case} has it off",
        resource=endpoint.id,
    )
    return f"{endpoint.id} for {case} has it on"


def _leads_to(endpoint: Endpoint, name: Resolved, evidence: Evidence) -> bool:
    """Whether the name resolves to the endpoint, as by a private hosted zone that a network shares: where there is one,
    private DNS cannot be switched on."""
    try:
        addresses = name.addresses
    except Unavailable:
        return False
    # What no network of anybody's has is none of its addresses.
    if not addresses or not all(ip_address(each).is_private for each in addresses):
        return False
    return addresses <= _addresses_of(endpoint, evidence.endpoint_addresses)


def _addresses_of(endpoint: Endpoint, known: dict[str, set[str]]) -> set[str]:
    return {address for each in endpoint.interfaces for address in known[each]}


@requirement("NET-03")
def test_endpoint_spans_zones(
    case: str, used_endpoints: dict[str, Endpoint], zones: dict[str, str], evidence: Evidence
) -> str:
    """The service's endpoint spans at least two Availability Zones."""
    endpoint = _used(used_endpoints, case, evidence)
    spanned = sorted({zones[subnet] for subnet in endpoint.subnets})
    require(
        len(spanned) >= FEWEST_ZONES,
        expected=f"subnets in {FEWEST_ZONES} Availability Zones",
        observed=f"{endpoint.id} for {case} is in {', '.join(spanned) or 'none'}",
        resource=endpoint.id,
        value=endpoint.vpc,
    )
    return f"{endpoint.id} for {case} is in {', '.join(spanned)}"


@requirement("NET-04")
def test_endpoint_admits_the_workload(
    case: str,
    used_endpoints: dict[str, Endpoint],
    https_rules: dict[str, list[Rule]],
    workload_networks: dict[str, Networks],
    evidence: Evidence,
) -> str:
    """A security group of the service's endpoint admits port 443 from the workload's network."""
    endpoint = _used(used_endpoints, case, evidence)
    controls = evidence.settings.controls
    rules = [rule for group in endpoint.security_groups for rule in https_rules[group]]
    groups = {group for rule in rules for group in rule.groups}
    if groups & set(controls.workload_security_groups):
        own = sorted(groups & set(controls.workload_security_groups))
        return f"{endpoint.id} for {case} admits 443 from the security groups {', '.join(own)}"
    missing = left_out(workload_networks[endpoint.vpc], rules)
    if missing and not controls.workload_networks:
        unknown = [
            *sorted(groups - set(controls.workload_security_groups)),
            *sorted(each for rule in rules for each in rule.prefix_lists),
        ]
        # Which addresses a security group or a prefix list stands for
        # is not read here: nothing is said against it.
        if unknown and not controls.workload_security_groups:
            admitted = ", ".join(unknown)
            raise Unavailable(
                f"{endpoint.id} admits {admitted}: name the workload's networks or security groups in [controls]"
            )
    wanted = ", ".join(str(network) for network in workload_networks[endpoint.vpc])
    asked = ", ".join(endpoint.security_groups) or "no security group"
    require(
        not missing,
        expected=f"port 443 from {wanted}",
        observed=f"{asked} of {endpoint.id} for {case} does not admit {', '.join(missing)}",
        resource=endpoint.security_groups[0] if endpoint.security_groups else None,
        value=missing[0] if missing else None,
    )
    return f"{endpoint.id} for {case} admits 443 from {wanted}"


@requirement("NET-05")
def test_endpoint_policy_is_not_open(
    case: str, used_endpoints: dict[str, Endpoint], identity: Identity, evidence: Evidence
) -> str:
    """The service's endpoint has a policy other than the default one, which lets everybody do everything."""
    endpoint = _used(used_endpoints, case, evidence)
    opening = [statement for statement in endpoint.statements if _is_open(statement)]
    require(
        bool(endpoint.statements) and not opening,
        expected="a policy that names principals, actions or resources",
        observed=f"{endpoint.id} for {case} lets everybody do everything",
        account=identity.account,
        service="STS" if case == "sts" else None,
        resource=endpoint.id,
    )
    return f"the policy of {endpoint.id} for {case} has {len(endpoint.statements)} statements, none open to everybody"


def _narrows(operator: str, values: Sequence[str]) -> bool:
    # That every name fits leaves nobody out.
    return not ("Like" in operator and "Not" not in operator and "*" in values)


def _is_open(statement: Statement) -> bool:
    return (
        statement.allows
        and ("AWS", "*") in statement.principals
        and "*" in statement.actions
        and "*" in statement.resources
        and not any(_narrows(operator, values) for operator, _, values in statement.conditions)
        # Each of these narrows the statement, and so does a condition.
        and not (statement.not_action or statement.not_resource or statement.not_principal)
    )


@requirement("NET-06")
def test_name_leads_to_the_endpoint(
    case: str,
    used_endpoints: dict[str, Endpoint],
    endpoint_addresses: dict[str, set[str]],
    resolved_names: dict[str, Resolved],
    evidence: Evidence,
) -> str:
    """The service's host name resolves here to addresses of the endpoint."""
    endpoint = _used(used_endpoints, case, evidence)
    own = _addresses_of(endpoint, endpoint_addresses)
    name = resolved_names[case]
    require(
        name.addresses <= own and bool(name.addresses),
        expected=f"{name.host} resolves to {', '.join(sorted(own))}",
        observed=f"{', '.join(sorted(name.addresses)) or 'nothing'}",
    )
    return f"{name.host} resolves to {', '.join(sorted(name.addresses))}, of {endpoint.id}"
