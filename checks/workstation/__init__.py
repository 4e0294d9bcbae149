"""Checks of the guide's steps 1 to 6: the machine, the profile, and what the profile may do in Bedrock."""
