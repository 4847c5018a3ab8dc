"""From resources to everything that should exist: `planner.plan` is pure, its executors are elsewhere."""
