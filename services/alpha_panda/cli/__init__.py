"""The `panda` command: what a trader types, and how it is answered."""
