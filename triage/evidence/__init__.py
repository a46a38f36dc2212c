"""What was collected, as tables: their columns and dtypes, and how each kind of evidence is read into them."""
