"""The tests of `reports/`."""
