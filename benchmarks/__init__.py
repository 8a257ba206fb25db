"""Models and readers -> how fast they are, where the time goes, and whether what is fast learns the same."""
