"""The pure core of planning: values in, values out, no query. Days, breaks, order, placement, pace."""
