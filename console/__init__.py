"""The console: pages that show the loop as it is, behind the gateway at `/console`."""
