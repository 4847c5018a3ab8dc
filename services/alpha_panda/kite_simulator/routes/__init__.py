"""The simulator's doors by what they are about; `table` lists them all."""
