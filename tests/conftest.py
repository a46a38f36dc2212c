"""What all tests share."""

import os

from hypothesis import settings

# A landing must not hang on luck: CI tries the same examples each time, a developer new ones; neither watches a clock.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("developer", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
