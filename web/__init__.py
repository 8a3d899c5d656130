"""Pages and API of the office; calls ``engine.cases`` and nothing below it."""
