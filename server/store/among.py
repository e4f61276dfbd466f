"""`among(column, "ids")`: a condition for any number of values with one place for all of them.

SQLAlchemy's own `IN` writes a place for each value: the statement is put together anew at every call, psycopg reads it anew from 50
places on, and PostgreSQL plans it anew for every number of values.  Here the values are one array (PostgreSQL) or one list in
JSON (SQLite, https://www.sqlite.org/json1.html#jeach).
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Values(TypeDecorator[Collection[Any]]):
    """Values of a column's type, whatever collection they come in."""

    impl = Text
    cache_ok = True

    def __init__(self, of: type[TypeEngine[Any]]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class _Among(FunctionElement[Any]):
    inherit_cache = True


def among(column: Any, name: str) -> ColumnElement[Any]:
    """Whether the column has one of the values given as the parameter `name`: a collection of int or str; of none, nothing has."""
    return _Among(column, bindparam(name, type_=_Values(type(column.type))))


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _each(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"
