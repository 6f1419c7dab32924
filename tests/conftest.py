"""What holds for every test: Hypothesis looks for counterexamples, and no test fails because a machine is busy."""

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")
