import pytest

from brainchange.reference import reference_documents, table_schemas


@pytest.mark.parametrize("name", list(reference_documents()))
def test_what_is_made_from_the_code_has_not_drifted_from_it(root, name):
    text = (root / name).read_text(encoding="utf-8")
    assert text == reference_documents()[name], "write it anew: brainchange reference"


def test_every_column_of_every_table_is_explained_and_numbers_say_their_unit():
    schemas = table_schemas()
    assert len(schemas) >= 10
    for schema in schemas:
        for column in schema.columns:
            assert len(column.description) >= 3, f"{schema.name}.{column.name}"
