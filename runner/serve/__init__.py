"""Processes of desk, console and demo."""
