"""What all tests share."""

import os

from hypothesis import settings

# A landing must not hang on luck: CI tries the same examples each time, a developer new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
