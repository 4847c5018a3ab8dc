"""The resources that a trader writes, `Broker` and `Strategy`: their fields, their rules, and reading them.

The models are the source of the CRDs; `read_documents` turns text into them, `validate` and
`validate_change` hold the rules that no single field can.
"""
