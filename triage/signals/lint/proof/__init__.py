"""What makes a signal file trustworthy and useful: checked by `triage signals check`."""
