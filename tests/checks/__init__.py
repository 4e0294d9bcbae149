"""The tests of `checks/`."""
