"""The resources as Kubernetes knows them: their definitions (CRDs), rules in CEL and admission policies.

All of it is made from the models and rules of `alpha_panda.resources`, without I/O; `panda schemas` writes
`crds/`, and `make check` fails while those files do not fit.
"""
