"""What a page shows: strings, coordinates and flags, so that templates only loop."""
