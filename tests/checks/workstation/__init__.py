"""The tests of `checks/workstation/`."""
