"""The fitted part of the offline diagnosis engine: weights and calibration, shipped as package data."""
