"""What all tests share: what SQLAlchemy compiled.

Hundreds of offices ask their stores the same questions; to compile them for each anew was a quarter of the quick tests'
time.  The cache belongs to an engine and goes by its dialect, so engines of one kind get those of the first, unless they
ask something of their dialect (an isolation level).
"""

from typing import Any

import sqlalchemy
from sqlalchemy.util import get_cls_kwargs

_first_of: dict[type, sqlalchemy.Engine] = {}
_create = sqlalchemy.create_engine


def _create_sharing(*args: Any, **values: Any) -> sqlalchemy.Engine:
    engine = _create(*args, **values)
    if get_cls_kwargs(type(engine.dialect)) & values.keys():
        return engine
    first = _first_of.setdefault(type(engine.dialect), engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


sqlalchemy.create_engine = _create_sharing
