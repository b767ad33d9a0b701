"""Deliveries of many callers, taken in together."""
