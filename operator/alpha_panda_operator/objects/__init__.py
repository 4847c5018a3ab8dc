"""From a plan to Kubernetes objects: pure builders, sorted and the same in every process."""
