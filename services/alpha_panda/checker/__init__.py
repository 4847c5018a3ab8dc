"""The log checker: does a run add up, from its records alone? It shares no code with the services that wrote them."""
