"""The rules of each program against the program itself, on every workstation world that this machine can stand for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.consumers.outcomes import outcomes
from fixtures.consumers.resolver import Resolution, resolve
from fixtures.consumers.rules import rules_of
from fixtures.simulation.world import list_worlds, load_world
from tests.packages import JAVASCRIPT, PYTHON, Packages, Ran, Served, javascript, python, served

CANNOT_STAND_FOR = {
    "ok-emulator-endpoint": "its endpoint is not the simulated account's",
    "ok-overrides-ignored": "programs are led to the simulated account by an override",
    "ok-vpc-endpoint": "its endpoint is not the simulated account's",
    "reg06-endpoint-in-profile": "its endpoint is not the simulated account's",
    "reg06-global-endpoint": "its endpoint is not the simulated account's",
    "reg06-runtime-endpoint": "its endpoint is not the simulated account's",
    "tok07-wrong-sso-region": "one server is the portal of every Region",
    "pre06-role-of-a-cloud-desktop": "no metadata service is here",
    "pre06-role-of-a-container": "no metadata service is here",
}
WORLDS = [
    name
    for name, _ in list_worlds()
    if not name.startswith(("ent-", "ok-ent-", "enterprise"))
    and name not in CANNOT_STAND_FOR
    and load_world(name).machine.platform != "windows"
]
OVER_PLAIN_HTTP = ("boto3", "langchain-aws")
"""botocore sends an API key to an HTTPS endpoint only, and the simulated account has none."""


@pytest.fixture(scope="module")
def javascripts() -> Iterator[Packages]:
    with javascript() as packages:
        yield packages


@pytest.fixture(scope="module")
def pythons() -> Iterator[Packages]:
    with python() as packages:
        yield packages


@pytest.mark.parametrize("name", WORLDS)
def test_javascripts_packages_do_what_their_rules_say(name: str, javascripts: Packages) -> None:
    with served(load_world(name)) as machine:
        assert differences(machine, javascripts, JAVASCRIPT) == []


@pytest.mark.parametrize("name", WORLDS)
def test_pythons_libraries_do_what_their_rules_say(name: str, pythons: Packages) -> None:
    with served(load_world(name)) as machine:
        assert differences(machine, pythons, PYTHON) == []


def test_worlds_that_are_left_out_are_worlds() -> None:
    assert CANNOT_STAND_FOR.keys() <= {name for name, _ in list_worlds()}


def differences(machine: Served, packages: Packages, consumers: tuple[str, ...]) -> list[str]:
    """In what the programs are unlike what their rules say, in each environment."""
    found = []
    seen = outcomes(machine.known)
    for environment in ("shell", "application") if machine.env_file else ("shell",):
        for consumer in consumers:
            told = resolve(rules_of(consumer), machine.known, environment, seen)
            if told.provider == "bearer" and consumer in OVER_PLAIN_HTTP:
                continue
            ran = machine.run(packages, consumer, environment)
            wrong = [what for what, there in compared(told, ran).items() if not there]
            if wrong:
                found.append(f"{consumer} in the {environment}: {', '.join(wrong)}: {told} and {ran}")
    return found


def compared(told: Resolution, ran: Ran) -> dict[str, bool]:
    """What the rules say beside what came of the call. Where only a call can tell, its credentials may fail."""
    kind = told.provider if told.provider in ("env", "bearer", None) else "other"
    called = ran.provider is not None
    before_a_call = told.works is None or (told.reason or "").startswith(("region-", "line-break"))
    return {
        "works": told.works is None or told.works == ran.works,
        "provider": kind == ran.provider or (not called and before_a_call),
        "region": not told.region or ran.region in (told.region, None),
        "a Region where one was used": bool(told.region) or ran.provider in (None, "bearer"),
        "says": all(part in ran.error for part in (told.says or "").split(" [cause]: ")),
    }
