"""What the pack cannot be used without: checked whenever it is read."""
