"""Scenario packs and how a scenario is put to a model."""
