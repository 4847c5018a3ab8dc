"""From what is seen to what is done: one queue of keys, a pass over the platform, a pass over each resource."""
