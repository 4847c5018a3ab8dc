"""The Kubernetes operator: Broker and Strategy resources in, Deployments, topics and users out.

`objects` renders what should exist, `decisions` says what is to be done, both pure; `cluster` speaks to the API
server, and `engine` joins them.
"""
