"""The strategies that ship with Alpha Panda, one file each: its config and its class."""
