"""What all tests share: property tests try the same cases on every machine and are never judged by the clock."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
