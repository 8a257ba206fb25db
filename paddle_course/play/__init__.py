"""Finished runs -> a page to draw on and to drop pictures on, where their networks guess: `./run.sh play`."""
