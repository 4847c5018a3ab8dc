"""The Kubernetes operator: Broker and Strategy resources in, Deployments, topics and users out."""
