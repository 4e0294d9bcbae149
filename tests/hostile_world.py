"""A world, waivers and an earlier run in which every text that somebody else may write is hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.report_material import HOSTILE, poisoned

PROFILE = "<img/src=x/onerror=window.pwned=1>"
HUGE = "arn:aws:iam::210987654321:role/" + "x" * 100_000 + "<script>window.pwned=1</script>"
INVISIBLE = "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u202a-\u202e\u2066-\u2069\ufeff\U000e0041]"
"""What HOSTILE has that must not reach an artifact as it is."""

_FORBIDDEN_IN_FILES = "\r\n\x00\u2028\x1b\x9b"
_ON_ONE_LINE = HOSTILE.translate({ord(character): None for character in _FORBIDDEN_IN_FILES})


def toml(text: str) -> str:
    """The text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


WORLD = f"""
title = {toml(HOSTILE)}
extends = ["enterprise"]

[machine]
profile = {toml(PROFILE)}

[machine.environment]
AWS_PROFILE = {toml(PROFILE)}
AWS_API_TIMEOUT = {toml("javascript:window.pwned=1//" + _ON_ONE_LINE)}

[machine.files."~/.aws/config"]
replace = [
  ["[profile msh]", {toml(f"[profile {PROFILE}]")}],
  ["source_profile = msh", {toml(f"source_profile = {PROFILE}")}],
  ["output = json", {toml(f"output = {_ON_ONE_LINE}")}],
  ["cli_pager =", {toml(f"cli_pager = {HUGE}")}],
]

[machine.files."./.env.enterprise"]
replace = [
  ["AWS_PROFILE=msh", {toml(f"AWS_PROFILE={PROFILE}")}],
  ["AWS_RETRY_MODE=adaptive", {toml(f"AWS_RETRY_MODE='{_ON_ONE_LINE.replace(chr(39), '')}'")}],
  ["CHAT_MODEL=us.anthropic.claude-sonnet-4-6", {toml(f"CHAT_MODEL=javascript:{HUGE}")}],
]

[role.policies]
{toml("<script>window.pwned=1</script>")} = '''
{{"Version": "2012-10-17", "Statement": [
  {{"Sid": "script", "Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}}
]}}
'''

[[policy_finding]]
contains = "ChatDestinations"
type = "SECURITY_WARNING"
code = {toml(HOSTILE)}
details = {toml(HOSTILE)}

[[trail]]
name = "organization"
delivery_error = {toml(HOSTILE)}

[[metric_filter]]
name = {toml(HOSTILE)}
log_group = "cloudtrail"
pattern = "nothing"
metric = {toml(HOSTILE)}
namespace = {toml(HOSTILE)}

[[budget]]
name = {toml(HOSTILE)}
filters.Service = [{toml(HOSTILE)}]

[[model]]
id = "anthropic.claude-hostile"
provider = "Anthropic"
name = {toml(HOSTILE)}
regions = ["us-east-1"]

[faults."ec2:DescribeVpcEndpoints"]
code = "UnauthorizedOperation"
message = {toml(_ON_ONE_LINE)}

[faults."support:DescribeSeverityLevels"]
code = {toml(HOSTILE)}
message = {toml(HUGE)}

[settings.production]
cross_account_roles = [{toml(_ON_ONE_LINE)}]

[settings.controls]
agreements = [{toml(HOSTILE)}]

[[settings.attestation]]
requirement = "SUP-02"
statement = {toml(HOSTILE)}
owner = {toml(HOSTILE)}
approved_by = {toml(HUGE)}
approved_on = 2026-10-01
expires = 2026-10-02
document = {toml("javascript:window.pwned=1")}
sha256 = "{"0" * 64}"
"""

WAIVERS = f"""
schema = 1
[[waiver]]
id = {toml("EX-1 " + HOSTILE)}
requirement = "LPR-07"
justification = {toml(HOSTILE)}
requested_by = {toml(HOSTILE)}
approved_by = {toml(HUGE)}
approved_on = 2026-11-01
expires = 2026-12-01
ticket = {toml("javascript:window.pwned=1//" + HOSTILE)}

[[waiver]]
id = "EX-2"
requirement = "CLI-01"
profiles = [{toml(PROFILE)}]
justification = {toml(HOSTILE)}
requested_by = "a@example.com"
approved_by = {toml(HOSTILE)}
approved_on = 2026-11-01
expires = 2026-12-01
ticket = {toml(HUGE)}
"""


def write(folder: Path) -> list[str]:
    """Writes world and waivers into the folder; returns the options that take them."""
    (folder / "hostile.toml").write_text(WORLD, encoding="utf-8", newline="\n")
    (folder / "waivers.toml").write_text(WAIVERS, encoding="utf-8", newline="\n")
    return ["--world", "hostile.toml", "--region", "us-east-1", "--region", "us-west-2"]


def earlier(document: dict[str, Any]) -> str:
    """The results as an earlier run that somebody has tampered with."""
    return json.dumps(poisoned(document))
