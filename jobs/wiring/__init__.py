"""The composition root of flows, stages and commands: alone reads settings and params, and builds what jobs act on."""
