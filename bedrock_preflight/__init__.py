"""The command `bedrock-preflight`: the suite in any folder. A wheel holds the checkout's folders as `suite` in here."""

__version__ = "0.1.0"
