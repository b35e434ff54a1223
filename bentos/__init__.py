"""Answers requests: the BentoML service, its wiring, and the build of a release."""
