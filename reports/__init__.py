"""What is said: one model of results, and the formats made from it."""
