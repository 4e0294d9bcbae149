"""The suite's plugins, one for each folder: what is, what must be, what is said."""

pytest_plugins = ["fixtures.plugin", "checks.plugin", "reports.plugin"]
