"""Like matters on PostgreSQL: the same as on SQLite (tests/records/test_alike.py), through its indexes."""

import pytest
from sqlalchemy import text

from server.store import alike as store
from tests.records.office import open_world
from tests.records.test_alike import AGAIN, PROPERTY, add, look


@pytest.mark.nightly
def test_postgresql_finds_the_same_through_its_indexes(tmp_path, new_database):
    world = open_world(tmp_path, new_database())
    first = add(world, place="石桥镇", category="征地补偿")
    add(world, name="李四", phone="13911112222", id_number="", statement=PROPERTY)
    wanted = {"persons": [{"name": "王五", "phone": "13911113333"}], "statement": AGAIN, "place": "石桥镇"}
    assert [(one.case_id, one.reasons) for one in look(world, **wanted)] == [(first, ("都说到 36800元、河边长田、石桥镇、补偿款",))]
    with world.office.store.engine.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        plan = connection.execute(text(f"EXPLAIN {store._POSTGRESQL.text}"), {"matches": ["'u6cb3u8fb9'"], "most": 60}).scalars().all()
    assert any("ix_search_texts_vector" in line for line in plan), plan
    world.office.store.close()
