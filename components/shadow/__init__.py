"""Whether a new prompt may replace the old one: judged on logged requests, before any user sees it."""
