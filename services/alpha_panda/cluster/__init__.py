"""A platform on a cluster, as `kubectl panda` reaches it: by the user's own kubectl, with the user's own rights."""
