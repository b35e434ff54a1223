"""Lets people of the demo's future ask the gateway, click, and say what they did."""
