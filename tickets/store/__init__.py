"""Where the help desk keeps things: SQLAlchemy tables, migrations, and the statements of each noun."""
