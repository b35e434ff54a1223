"""What recops computes: values in, values out; only `components.adapters` touches the world."""
