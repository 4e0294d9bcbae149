"""The tests of `checks/enterprise/`."""
