"""Evidence from files, what `--from` takes: `begun` opens it, `read` makes it evidence, `opened` has entries alone."""
