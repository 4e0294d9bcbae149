"""The suite's plugins, one for each folder: what is, what must be, what is said."""

from bedrock_preflight import ctrl_c

ctrl_c.stand_by()
pytest_plugins = ["fixtures.plugin", "checks.plugin", "reports.plugin"]
