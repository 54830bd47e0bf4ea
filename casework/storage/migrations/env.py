"""Alembic's environment. The address comes from `migrate.py`, never from a file."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from casework.storage.tables import Base


def run() -> None:
    url = make_url(context.config.attributes["url"]).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=lambda name, kind, _: not (kind == "table" and (name or "").startswith("procrastinate_")),
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
