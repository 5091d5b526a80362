"""Figures, plans and findings in words."""
