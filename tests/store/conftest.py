from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url

from tests.records import postgres


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def new_database(postgresql_server: str) -> Iterator[object]:
    """Makes empty databases on one server; each call returns the URL of another."""
    server = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"d{len(made)}"
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        made.append(name)
        return make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)

    yield make
    with server.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()
