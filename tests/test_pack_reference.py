"""The reference of scenario packs is made from the models."""

from tools.pack_reference import PACK_MODELS, render_fields_as_markdown


def test_every_field_is_explained() -> None:
    """Each field of each model has a row, and each row has a meaning."""
    table = render_fields_as_markdown()
    for part in PACK_MODELS:
        section = table.split(f"### {part.__name__}\n")[1].split("\n### ")[0]
        rows = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
        assert set(rows) == set(part.model_fields)
        assert all(line.rstrip(" |").rsplit("| ", 1)[1].strip() for line in rows.values())
